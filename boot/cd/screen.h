// SPDX-License-Identifier: MIT
// screen.h - a screen of pixels by the video BIOS.
#pragma once

// Sets the largest mode of at most 1024 x 768 pixels in true colour, and writes the tag that
// describes the screen: pixels, else text, else none.
void screen_tell(void);
