#!/bin/sh
# Cuts the upstream fonts (first argument: the folder they are in) down to what
# the window shows. Needs pyftsubset from fonttools. Ligatures are left out on
# purpose: text to copy must show the characters it consists of.
set -eu
from=$1
latin="U+0020-007E,U+00A0-024F,U+02BB,U+02BC,U+02C6-02DD,U+0391-03C9,U+1E9E,U+2002-200B,U+2010-2027,U+202F,U+2030-203A"
signs="U+2044,U+20AC,U+2122,U+2190-2195,U+21E7,U+2212,U+2215,U+2248,U+2260,U+2264,U+2265,U+2303,U+2318,U+2325,U+25B2,U+25B6,U+25B8,U+25BC,U+25BE,U+25CF,U+2713,U+2715,U+2717,U+FFFD"
for weight in Regular SemiBold; do
    pyftsubset "$from/Inter-$weight.otf" --unicodes="$latin,$signs" \
        --layout-features=kern,ccmp,locl --output-file="Inter-$weight.otf"
done
# unhinted: its instructions squeeze it at the size we use. Logs may hold Cyrillic and box drawing
pyftsubset "$from/JetBrainsMono-Regular.ttf" --unicodes="$latin,$signs,U+0400-045F,U+2500-259F" \
    --no-hinting --layout-features=ccmp,locl,mark,mkmk --output-file=JetBrainsMono-Regular.ttf
