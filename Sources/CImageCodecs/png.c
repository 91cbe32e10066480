#include "CImageCodecs.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <png.h>

typedef struct {
  png_structp reader;
  png_infop info;
  jmp_buf escape;
  const uint8_t *bytes;
  size_t left;
  int exhausted;
  image_codec_report *report;
} png_session;

static void leave(png_structp reader, png_const_charp message) {
  png_session *session = png_get_error_ptr(reader);
  snprintf(session->report->message, sizeof session->report->message, "%s", message);
  longjmp(session->escape, 1);
}

static void note(png_structp reader, png_const_charp message) {
  image_codec_report *report = ((png_session *)png_get_error_ptr(reader))->report;
  if (report->warnings == 0) snprintf(report->message, sizeof report->message, "%s", message);
  report->warnings += 1;
}

static void take(png_structp reader, png_bytep target, size_t count) {
  png_session *session = png_get_io_ptr(reader);
  if (count > session->left) {
    session->exhausted = 1;
    png_error(reader, "the file ends early");
  }
  memcpy(target, session->bytes, count);
  session->bytes += count;
  session->left -= count;
}

static void open_session(
  png_session *session, const uint8_t *bytes, size_t count, image_codec_report *report) {
  memset(session, 0, sizeof *session);
  memset(report, 0, sizeof *report);
  session->report = report;
  session->bytes = bytes;
  session->left = count;
}

/* Four letters and a zero each, as libpng wants them. */
static const png_byte unused_chunks[] =
  "bKGD\0" "cHRM\0" "eXIf\0" "gAMA\0" "hIST\0" "iCCP\0" "iTXt\0" "oFFs\0" "pCAL\0" "pHYs\0" "sBIT\0" "sCAL\0"
  "sPLT\0" "sRGB\0" "tEXt\0" "tIME\0" "zTXt";

/* Called under setjmp. */
static void read_header(png_session *session) {
  session->reader = png_create_read_struct(PNG_LIBPNG_VER_STRING, session, leave, note);
  if (session->reader) session->info = png_create_info_struct(session->reader);
  if (!session->info) {
    snprintf(session->report->message, sizeof session->report->message, "no memory");
    longjmp(session->escape, 1);
  }
  png_set_read_fn(session->reader, session, take);
  /* Texts, profiles and their like are passed over: unpacking thousands of them takes minutes, and nothing here asks for one. */
  png_set_keep_unknown_chunks(
    session->reader, PNG_HANDLE_CHUNK_NEVER, unused_chunks, (int)(sizeof unused_chunks / 5));
  png_set_user_limits(session->reader, 0x7FFFFFFF, 0x7FFFFFFF);  /* the caller has its own */
  png_read_info(session->reader, session->info);
  session->report->width = (int32_t)png_get_image_width(session->reader, session->info);
  session->report->height = (int32_t)png_get_image_height(session->reader, session->info);
}

static int close_session(png_session *session, int failed) {
  png_destroy_read_struct(&session->reader, &session->info, NULL);
  if (session->exhausted) return image_codec_truncated;
  return failed ? image_codec_unreadable : image_codec_ok;
}

int image_codec_png_header(const uint8_t *bytes, size_t count, image_codec_report *report) {
  png_session session;
  open_session(&session, bytes, count, report);
  if (setjmp(session.escape)) return close_session(&session, 1);
  read_header(&session);
  return close_session(&session, 0);
}

/* Called under setjmp. Whatever the file holds becomes three bytes a pixel; transparency and gamma
 * are dropped, of 16 bits the upper eight are kept. */
static void read_pixels(png_session *session, uint8_t *rgb, size_t capacity) {
  png_structp reader = session->reader;
  int kind = png_get_color_type(reader, session->info);
  int depth = png_get_bit_depth(reader, session->info);
  if (depth == 16) png_set_strip_16(reader);
  if (kind == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(reader);
  if (kind == PNG_COLOR_TYPE_GRAY && depth < 8) png_set_expand_gray_1_2_4_to_8(reader);
  if (kind & PNG_COLOR_MASK_ALPHA || kind == PNG_COLOR_TYPE_PALETTE) png_set_strip_alpha(reader);
  if (!(kind & PNG_COLOR_MASK_COLOR)) png_set_gray_to_rgb(reader);
  int passes = png_set_interlace_handling(reader);
  png_read_update_info(reader, session->info);
  size_t width = (size_t)session->report->width, height = (size_t)session->report->height;
  if (png_get_rowbytes(reader, session->info) != width * 3 || capacity != width * height * 3) {
    png_error(reader, "its size changed");
  }
  for (int pass = 0; pass < passes; pass++) {
    for (size_t y = 0; y < height; y++) png_read_row(reader, rgb + y * width * 3, NULL);
  }
}

int image_codec_png_decode(
  const uint8_t *bytes, size_t count, uint8_t *rgb, size_t capacity, image_codec_report *report) {
  png_session session;
  open_session(&session, bytes, count, report);
  if (setjmp(session.escape)) return close_session(&session, 1);
  read_header(&session);
  read_pixels(&session, rgb, capacity);
  return close_session(&session, 0);
}
