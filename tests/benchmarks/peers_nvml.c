/* The rig's NVIDIA library with what other trackers ask for too: memory, temperature, mode, graphics processes. */

#include "../rig/libnvml.c"

typedef struct {
    uint64_t total, free, used;
} Memory;

int nvmlDeviceGetMemoryInfo(void *device, Memory *memory) {
    BOARD(device, 0);
    *memory = (Memory){.total = 48ULL << 30, .free = 40ULL << 30, .used = 8ULL << 30};
    return SUCCESS;
}

int nvmlDeviceGetTemperature(void *device, int sensor, unsigned *celsius) {
    BOARD(device, 0);
    *celsius = sensor ? 0 : 60;
    return SUCCESS;
}

int nvmlDeviceGetComputeMode(void *device, int *mode) {
    BOARD(device, 0);
    *mode = 0;
    return SUCCESS;
}

int nvmlDeviceGetGraphicsRunningProcesses_v3(void *device, unsigned *room, ProcessInfo *list) {
    BOARD(device, 0);
    (void)list;
    *room = 0;
    return SUCCESS;
}
