#include "tbb/threads.h"
