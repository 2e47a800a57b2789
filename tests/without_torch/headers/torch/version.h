#pragma once
#define TORCH_VERSION "none"
