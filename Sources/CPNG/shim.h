/* Called through CImageCodecs only: its errors jump. */
#include <png.h>
