/* jpeglib.h needs FILE and size_t before it. Called through CImageCodecs only: its errors jump. */
#include <stddef.h>
#include <stdio.h>
#include <jpeglib.h>
