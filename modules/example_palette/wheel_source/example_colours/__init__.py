"""The basic colours of HTML by name, and the nearest of them to any colour."""

NAMES = {
    "black": (0, 0, 0),
    "silver": (192, 192, 192),
    "gray": (128, 128, 128),
    "white": (255, 255, 255),
    "maroon": (128, 0, 0),
    "red": (255, 0, 0),
    "purple": (128, 0, 128),
    "fuchsia": (255, 0, 255),
    "green": (0, 128, 0),
    "lime": (0, 255, 0),
    "olive": (128, 128, 0),
    "yellow": (255, 255, 0),
    "navy": (0, 0, 128),
    "blue": (0, 0, 255),
    "teal": (0, 128, 128),
    "aqua": (0, 255, 255),
}


def nearest(red: int, green: int, blue: int) -> str:
    """Name of the nearest colour; of two equally near ones the first by name."""
    wanted = (red, green, blue)
    return min(sorted(NAMES), key=lambda name: sum((a - b) ** 2 for a, b in zip(NAMES[name], wanted)))
