/**
 * System calls denied by a seccomp filter, which needs no right and no library. It is a list of what is denied: the layers
 * carry the promise, this closes what they leave open. `socketpair` stays: Node and Python talk to their children through it.
 * Numbers from the kernel's tables for x86-64 and arm64; from 424 on both are the same.
 */
export const SYSCALL_FILTER_SCRIPT = String.raw`
MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
if os.uname().machine not in MACHINES or struct.calcsize("P") != 8:
    fail("no table of system calls for %s" % (os.uname().machine,))
AUDIT_ARCH, COLUMN = MACHINES[os.uname().machine]
CAPSET = (126, 91)[COLUMN]

# Reaching out, and the machinery of namespaces, tracing and keyrings. io_uring would do all of it past a filter.
SOCKET = [(41, 198)]
IO_URING = [(425, 425)]
MACHINERY = [
    (101, 117), (310, 270), (311, 271), (250, 219), (248, 217), (249, 218), (321, 280), (298, 241), (323, 282),
    (272, 97), (308, 268), (165, 40), (166, 39), (155, 41), (161, 51), (304, 265),
    (428, 428), (429, 429), (430, 430), (431, 431), (432, 432), (433, 433), (442, 442),
]
# What Landlock leaves to the owner of a file: mode, owner, times, attributes.
METADATA = [
    (90, None), (91, 52), (268, 53), (452, 452), (92, None), (93, 55), (94, None), (260, 54),
    (132, None), (235, None), (261, None), (280, 88),
    (188, 5), (189, 6), (190, 7), (197, 14), (198, 15), (199, 16), (463, 463), (466, 466), (469, 469),
]
# Leaving the process group by which everything is killed.
GROUP = [(112, 157), (109, 154)]
# Other processes of the same user, where no namespace hides them: priorities, System V memory, message queues.
NEIGHBOURS = [
    (141, 140), (251, 30), (29, 194), (30, 196), (31, 195), (64, 190), (65, 193), (66, 191), (220, 192),
    (68, 186), (69, 189), (70, 188), (71, 187), (240, 180), (241, 181),
]
# Limits and scheduling: of the calling process, named 0, and of no other.
OF_PROCESS = [(302, 261), (203, 122), (144, 119), (142, 118), (314, 274)]
# Signals, where Landlock is too old to keep them inside.
SIGNALS = [(62, 129), (200, 130), (234, 131), (129, 138), (297, 240), (424, 424)]
IOCTL = (16, 29)[COLUMN]


def filter_program(denied, is_alone_in_namespaces):
    LD, JEQ, JGE, AND, RET = 0x20, 0x15, 0x35, 0x54, 0x06
    ALLOW, KILL, EPERM, ENOSYS = 0x7FFF0000, 0x80000000, 0x00050001, 0x00050026
    code = [(LD, 0, 0, 4), (JEQ, 1, 0, AUDIT_ARCH), (RET, 0, 0, KILL), (LD, 0, 0, 0)]
    if COLUMN == 0:
        # The second numbering of x86-64 (x32).
        code += [(JGE, 0, 1, 0x40000000), (RET, 0, 0, ENOSYS)]
    for row in IO_URING:
        code += [(JEQ, 0, 1, row[COLUMN]), (RET, 0, 0, ENOSYS)]
    for row in denied:
        if row[COLUMN] is not None:
            code += [(JEQ, 0, 1, row[COLUMN]), (RET, 0, 0, EPERM)]
    if not is_alone_in_namespaces:
        for row in OF_PROCESS:
            code += [(JEQ, 0, 4, row[COLUMN]), (LD, 0, 0, 16), (JEQ, 0, 1, 0), (RET, 0, 0, ALLOW), (RET, 0, 0, EPERM)]
        # File attributes are set by ioctl; those of terminals and pipes have numbers of 0x54.
        code += [(JEQ, 0, 4, IOCTL), (LD, 0, 0, 24), (AND, 0, 0, 0xFFFFFF00), (JEQ, 1, 0, 0x5400), (RET, 0, 0, EPERM)]
    code.append((RET, 0, 0, ALLOW))
    return b"".join(struct.pack("=HBBI", *line) for line in code)


def filter_syscalls(denied, is_alone_in_namespaces):
    load_filter(filter_program(denied, is_alone_in_namespaces))


def load_filter(program):
    buffer = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("@HP", len(program) // 8, ctypes.addressof(buffer))
    check("seccomp", libc.prctl(PR_SET_SECCOMP, ctypes.c_ulong(2), header, 0, 0))
`;
