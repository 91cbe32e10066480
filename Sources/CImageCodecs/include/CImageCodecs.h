/* JPEG and PNG files in memory to RGB pixels.
 *
 * libjpeg and libpng leave their errors by longjmp, which must not cross Swift's frames. These four
 * functions catch the jump and return a status. They keep nothing: what they allocate is freed on
 * every way out, and the pixels go to the caller's memory. */
#ifndef C_IMAGE_CODECS_H
#define C_IMAGE_CODECS_H

#include <stddef.h>
#include <stdint.h>

enum {
  image_codec_ok = 0,
  /* The file ends before its last pixel. */
  image_codec_truncated = 1,
  /* Damaged, or of a kind the library does not read; `message` has its words. */
  image_codec_unreadable = 2
};

typedef struct {
  int32_t width;
  int32_t height;
  /* How often the library complained about something that it could read past. */
  int32_t warnings;
  /* How many of the complaints mean that pixels are not those that were stored. */
  int32_t spoiled;
  /* What was wrong; with status ok the first complaint, one about pixels before others; or empty. */
  char message[208];
} image_codec_report;

/* Reads the size only. */
int image_codec_jpeg_header(const uint8_t *bytes, size_t count, image_codec_report *report);
int image_codec_png_header(const uint8_t *bytes, size_t count, image_codec_report *report);

/* Fills `rgb`, which holds width * height * 3 bytes as the header says; `capacity` is its length. */
int image_codec_jpeg_decode(
  const uint8_t *bytes, size_t count, uint8_t *rgb, size_t capacity, image_codec_report *report);
int image_codec_png_decode(
  const uint8_t *bytes, size_t count, uint8_t *rgb, size_t capacity, image_codec_report *report);

#endif
