#include "CImageCodecs.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

/* A progressive file of a few kilobytes can ask for thousands of passes over a large image. Encoders
 * write about ten. */
#define MAXIMUM_SCANS 500

typedef struct {
  struct jpeg_decompress_struct decoder;
  struct jpeg_error_mgr errors;
  struct jpeg_source_mgr source;
  struct jpeg_progress_mgr progress;
  jmp_buf escape;
  int exhausted;
  image_codec_report *report;
} jpeg_session;

static jpeg_session *session_of(j_common_ptr decoder) { return (jpeg_session *)decoder->client_data; }

static void keep_message(j_common_ptr decoder) {
  char text[JMSG_LENGTH_MAX];
  decoder->err->format_message(decoder, text);
  snprintf(session_of(decoder)->report->message, sizeof session_of(decoder)->report->message, "%s", text);
}

static void leave(j_common_ptr decoder) {
  keep_message(decoder);
  longjmp(session_of(decoder)->escape, 1);
}

/* Level -1 is damage the decoder reads past, as Pillow does; higher levels are chatter. */
static void note(j_common_ptr decoder, int level) {
  if (level >= 0) return;
  image_codec_report *report = session_of(decoder)->report;
  int harmless;
  switch (decoder->err->msg_code) {
  case JWRN_ADOBE_XFORM:
  case JWRN_EXTRANEOUS_DATA:
  case JWRN_JFIF_MAJOR:
  case JWRN_TOO_MUCH_DATA: harmless = 1; break;
  default: harmless = 0;
  }
  if (decoder->err->num_warnings == 0 || (!harmless && report->spoiled == 0)) keep_message(decoder);
  decoder->err->num_warnings += 1;
  report->spoiled += !harmless;
}

static void say_nothing(j_common_ptr decoder) { (void)decoder; }

static void begin_source(j_decompress_ptr decoder) { (void)decoder; }
static void end_source(j_decompress_ptr decoder) { (void)decoder; }

/* Past the end: the marker that ends an image, so that the decoder stops; the session remembers. */
static boolean past_the_end(j_decompress_ptr decoder) {
  static const JOCTET end_of_image[2] = {0xFF, JPEG_EOI};
  session_of((j_common_ptr)decoder)->exhausted = 1;
  decoder->src->next_input_byte = end_of_image;
  decoder->src->bytes_in_buffer = 2;
  return TRUE;
}

static void skip(j_decompress_ptr decoder, long count) {
  if (count <= 0) return;
  if ((size_t)count > decoder->src->bytes_in_buffer) {
    past_the_end(decoder);
  } else {
    decoder->src->next_input_byte += count;
    decoder->src->bytes_in_buffer -= (size_t)count;
  }
}

static void limit_scans(j_common_ptr decoder) {
  if (((j_decompress_ptr)decoder)->input_scan_number <= MAXIMUM_SCANS) return;
  jpeg_session *session = session_of(decoder);
  snprintf(
    session->report->message, sizeof session->report->message, "more than %d scans", MAXIMUM_SCANS);
  longjmp(session->escape, 1);
}

static void open_session(
  jpeg_session *session, const uint8_t *bytes, size_t count, image_codec_report *report) {
  memset(session, 0, sizeof *session);
  memset(report, 0, sizeof *report);
  session->report = report;
  session->decoder.err = jpeg_std_error(&session->errors);
  session->errors.error_exit = leave;
  session->errors.emit_message = note;
  session->errors.output_message = say_nothing;
  session->decoder.client_data = session;
  session->source.init_source = begin_source;
  session->source.fill_input_buffer = past_the_end;
  session->source.skip_input_data = skip;
  session->source.resync_to_restart = jpeg_resync_to_restart;
  session->source.term_source = end_source;
  session->source.next_input_byte = bytes;
  session->source.bytes_in_buffer = count;
  session->progress.progress_monitor = limit_scans;
}

/* Called under setjmp. */
static void read_header(jpeg_session *session) {
  jpeg_create_decompress(&session->decoder);
  session->decoder.src = &session->source;
  session->decoder.progress = &session->progress;
  jpeg_read_header(&session->decoder, TRUE);
  session->report->width = (int32_t)session->decoder.image_width;
  session->report->height = (int32_t)session->decoder.image_height;
}

static int close_session(jpeg_session *session, int failed) {
  session->report->warnings = (int32_t)session->errors.num_warnings;
  jpeg_destroy_decompress(&session->decoder);
  if (session->exhausted) return image_codec_truncated;
  return failed ? image_codec_unreadable : image_codec_ok;
}

int image_codec_jpeg_header(const uint8_t *bytes, size_t count, image_codec_report *report) {
  jpeg_session session;
  open_session(&session, bytes, count, report);
  if (setjmp(session.escape)) return close_session(&session, 1);
  read_header(&session);
  return close_session(&session, 0);
}

static uint8_t multiplied(unsigned a, unsigned b) {
  unsigned product = a * b + 128;
  return (uint8_t)(((product >> 8) + product) >> 8);
}

/* Ink as Adobe stores it, 255 meaning none, to light as Pillow computes it. */
static void convert_inverted_cmyk(const uint8_t *cmyk, uint8_t *rgb, size_t count) {
  for (size_t i = 0; i < count; i++, cmyk += 4, rgb += 3) {
    unsigned light = cmyk[3];
    for (int channel = 0; channel < 3; channel++) {
      int value = (int)light - multiplied(255u - cmyk[channel], light);
      rgb[channel] = (uint8_t)(value < 0 ? 0 : value);
    }
  }
}

/* Called under setjmp. */
static int read_pixels(jpeg_session *session, uint8_t *rgb, size_t capacity) {
  j_decompress_ptr decoder = &session->decoder;
  int inks = decoder->num_components == 4;
  if (decoder->num_components != 1 && decoder->num_components != 3 && !inks) {
    snprintf(
      session->report->message, sizeof session->report->message, "%d colour components",
      decoder->num_components);
    return 0;
  }
  decoder->out_color_space = inks ? JCS_CMYK : JCS_RGB;
  jpeg_start_decompress(decoder);
  size_t width = decoder->output_width, height = decoder->output_height;
  if (capacity != width * height * 3) {
    snprintf(session->report->message, sizeof session->report->message, "its size changed");
    return 0;
  }
  JSAMPARRAY buffer = NULL;
  if (inks) {
    buffer = decoder->mem->alloc_sarray((j_common_ptr)decoder, JPOOL_IMAGE, (JDIMENSION)(width * 4), 1);
  }
  while (decoder->output_scanline < height && !session->exhausted) {
    JSAMPROW row = rgb + decoder->output_scanline * width * 3;
    if (inks) {
      if (jpeg_read_scanlines(decoder, buffer, 1) == 1) convert_inverted_cmyk(buffer[0], row, width);
    } else {
      jpeg_read_scanlines(decoder, &row, 1);
    }
  }
  return 1;
}

int image_codec_jpeg_decode(
  const uint8_t *bytes, size_t count, uint8_t *rgb, size_t capacity, image_codec_report *report) {
  jpeg_session session;
  open_session(&session, bytes, count, report);
  if (setjmp(session.escape)) return close_session(&session, 1);
  read_header(&session);
  if (session.exhausted) return close_session(&session, 1);
  int complete = read_pixels(&session, rgb, capacity);
  return close_session(&session, !complete);
}
