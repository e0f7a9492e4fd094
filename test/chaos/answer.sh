#!/bin/sh
# answer.sh: what a person at the second console gets, told to the first: how long a command took there.
{ time ls -l / >/dev/null; } 2>/tmp/took
echo "answer: $(grep real /tmp/took) pong-$((40 + 2))" >/dev/ttyS0
