const WIDTH = 80;

/** Breaks at spaces outside of quoted commands, so that what is meant to be pasted stays on one line. Lines are moved in alike. */
export function wrappedLines(text: string, indent = ""): string[] {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.match(/"[^"]*"[^\s"]*|\S+/g) ?? []) {
    if (line.length > indent.length && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = indent;
    }
    line += line.length > indent.length ? ` ${word}` : word;
  }
  return [...lines, line];
}
