"""Characters of a PDF that its text has and its page does not: a font that was cut down too far prints them as nothing."""
import html
import re
import subprocess

DPI = 144
PAPER = 200  # lighter than this is no ink


def read_pgm(data):
    """The pages of `pdftoppm -gray`, one after the other: (width, height, bytes)."""
    at = 0
    while at < len(data):
        head = re.compile(rb"P5\s+(\d+)\s+(\d+)\s+255\s").match(data, at)
        width, height = int(head[1]), int(head[2])
        yield width, height, data[head.end():head.end() + width * height]
        at = head.end() + width * height


def words_of(path):
    text = subprocess.run(["pdftotext", "-bbox", path, "-"], capture_output=True, timeout=60, check=True).stdout.decode()
    for page in re.findall(r"<page [^>]*>(.*?)</page>", text, re.S):
        yield [(*map(float, w[:4]), html.unescape(w[4])) for w in re.findall(
            r'<word xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)">(.*?)</word>', page)]


def has_ink(page, box):
    width, height, grey = page
    left, top, right, bottom = (int(v * DPI / 72) for v in box)
    for y in range(max(top, 0), min(bottom, height)):
        if min(grey[y * width + max(left, 0):y * width + min(right, width)], default=255) < PAPER:
            return True
    return False


def look_at(path):
    """How many ideographs were looked at, and those without ink. Only words of ideographs alone: they are equally wide, so
    that the box of each follows from the word's."""
    grey = subprocess.run(["pdftoppm", "-gray", "-r", str(DPI), path], capture_output=True, timeout=120, check=True).stdout
    n, blank = 0, []
    for page, words in zip(read_pgm(grey), words_of(path)):
        for left, top, right, bottom, word in words:
            if not re.fullmatch(r"[㐀-鿿]+", word) or bottom - top > 60:
                continue
            wide = (right - left) / len(word)
            # A little less than the box, so that a neighbour's stroke is not taken for its own.
            boxes = [(left + (k + 0.1) * wide, top, left + (k + 0.9) * wide, bottom) for k in range(len(word))]
            blank += [c for c, box in zip(word, boxes) if not has_ink(page, box)]
            n += len(word)
    return n, blank
