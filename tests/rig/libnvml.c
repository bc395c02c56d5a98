/* A stand-in for NVIDIA's management library: boards whose energy is known exactly, and the faults of real ones.

   The file named by FAKE_NVML says what the machine is; tests/rig/library.py writes it. Time is CLOCK_BOOTTIME, or the
   number in the file named by FAKE_NVML_CLOCK. Names, numbers and layouts are those of nvml.h. */

#define _GNU_SOURCE
#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SUCCESS = 0, UNINITIALIZED = 1, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, NOT_FOUND = 6, INSUFFICIENT_SIZE = 7,
       DRIVER_NOT_LOADED = 9, GPU_IS_LOST = 15 };
enum { ENERGY = 83, AVERAGE = 185, INSTANT = 186 };
enum { UNSIGNED_INT = 1, UNSIGNED_LONG_LONG = 3 };
enum { AMPERE = 7, MOST = 16 };

#define LAZY_SECONDS 0.015 /* what a GeForce counter loses at each read: 13 % at 10 Hz, 1.5 % at 1 Hz */

typedef struct {
    char call[64]; /* a function, a field's number, or * for all of the board */
    int code;
    double from, to;
} Fault;

typedef struct {
    unsigned pid, percent;
} Process;

typedef struct {
    char uuid[96];
    unsigned slices;
} Slice;

typedef struct {
    char uuid[96], name[96];
    unsigned arch;
    double low, high, period; /* a square wave of watts */
    double update, window;    /* seconds between updates, and seconds before each that its instant power sees */
    double gain, offset;      /* the counter's error, and the joules it began with */
    double lazy;              /* seconds between the reads of some other program, or -1 where reading loses nothing */
    double reset, module;     /* when its counter begins anew; watts of the rest of its module, or -1 */
    double kept, truth, at;   /* what a lazy counter has not lost, up to which true count and time */
    int busy; /* percent, or -1 where it does not tell */
    unsigned processes, faults, parts;
    Process process[MOST];
    Fault fault[MOST];
    Slice part[MOST];
} Board;

typedef struct {
    uint32_t field, scope;
    int64_t timestamp, latency;
    uint32_t type, code;
    union {
        double d;
        uint32_t ui;
        uint64_t ull;
    } value;
} FieldValue;

typedef struct {
    char legacy[16];
    uint32_t domain, bus, device, id, subsystem;
    char bus_id[32];
} Pci;

typedef struct {
    uint32_t pid;
    uint64_t memory;
    uint32_t gpu_instance, compute_instance;
} ProcessInfo;

typedef struct {
    uint32_t pid;
    uint64_t at;
    uint32_t sm, memory, encoder, decoder;
} Utilization;

typedef struct {
    uint32_t gpu, memory;
} Rates;

typedef struct {
    uint32_t before[6], gpu_slices, compute_slices;
    uint64_t memory;
} Attributes;

static Board boards[MOST];
static unsigned count, references, era;
static int init_code, clock_file = -1;
static useconds_t latency;
static pid_t owner; /* a forked child must start the library for itself */

static double now(void) {
    double at = 0;
    struct timespec boot;
    if (clock_file >= 0 && pread(clock_file, &at, sizeof at, 0) == sizeof at)
        return at;
    clock_gettime(CLOCK_BOOTTIME, &boot);
    return (double)boot.tv_sec + (double)boot.tv_nsec / 1e9;
}

/* -- the truth, and what the sensors make of it */

static double joules(const Board *board, double at) {
    double half = board->period / 2, periods = floor(at / board->period), rest = at - periods * board->period;
    return periods * half * (board->low + board->high) + board->low * fmin(rest, half) +
           board->high * fmax(rest - half, 0);
}

static double updated(const Board *board) {
    return floor(now() / board->update + 1e-6) * board->update;
}

static double watts(const Board *board, double seconds) {
    double at = updated(board);
    return (joules(board, at) - joules(board, at - seconds)) / seconds;
}

static double counted(Board *board) {
    double at = updated(board), gap = at - board->at, truth = board->offset + joules(board, at);
    if (at >= board->reset)
        truth = joules(board, at) - joules(board, board->reset);
    if (board->lazy < 0)
        return board->gain * truth;
    if (board->at > 0 && gap > 0) {
        double every = board->lazy > 0 ? fmin(gap, board->lazy) : gap;
        board->kept += (truth - board->truth) * every / (every + LAZY_SECONDS);
    }
    board->at = at, board->truth = truth;
    return board->offset + board->kept;
}

/* -- the scenario */

static void setting(Board *board, const char *key, const char *text) {
    if (!strcmp(key, "name")) sscanf(text, "%95[^\n]", board->name);
    else if (!strcmp(key, "arch")) sscanf(text, "%u", &board->arch);
    else if (!strcmp(key, "power")) sscanf(text, "%lf %lf %lf", &board->low, &board->high, &board->period);
    else if (!strcmp(key, "update")) sscanf(text, "%lf", &board->update);
    else if (!strcmp(key, "window")) sscanf(text, "%lf", &board->window);
    else if (!strcmp(key, "counter")) sscanf(text, "%lf %lf", &board->gain, &board->offset);
    else if (!strcmp(key, "lazy")) sscanf(text, "%lf", &board->lazy);
    else if (!strcmp(key, "reset")) sscanf(text, "%lf", &board->reset);
    else if (!strcmp(key, "module")) sscanf(text, "%lf", &board->module);
    else if (!strcmp(key, "busy")) sscanf(text, "%d", &board->busy);
    else if (!strcmp(key, "process")) {
        Process *process = &board->process[board->processes++];
        sscanf(text, "%u %u", &process->pid, &process->percent);
    } else if (!strcmp(key, "slice")) {
        Slice *slice = &board->part[board->parts++];
        sscanf(text, "%95s %u", slice->uuid, &slice->slices);
    } else if (!strcmp(key, "fault")) {
        Fault *fault = &board->fault[board->faults++];
        sscanf(text, "%63s %d %lf %lf", fault->call, &fault->code, &fault->from, &fault->to);
    }
}

static int scenario(void) {
    const char *path = getenv("FAKE_NVML"), *clock = getenv("FAKE_NVML_CLOCK");
    FILE *file = path ? fopen(path, "r") : NULL;
    char line[256], key[32], text[200];
    if (!file)
        return DRIVER_NOT_LOADED;
    count = 0, init_code = SUCCESS, latency = 0;
    while (fgets(line, sizeof line, file)) {
        if (sscanf(line, "%31s %199[^\n]", key, text) != 2)
            continue;
        if (!strcmp(key, "init")) init_code = atoi(text);
        else if (!strcmp(key, "latency")) latency = (useconds_t)(1e6 * atof(text));
        else if (!strcmp(key, "gpu")) {
            Board *board = &boards[count++];
            *board = (Board){.period = 1, .update = 0.1, .window = 0.1, .gain = 1, .lazy = -1, .module = -1};
            board->reset = INFINITY, board->busy = -1;
            sscanf(text, "%95s", board->uuid);
        } else if (count) setting(&boards[count - 1], key, text);
    }
    fclose(file);
    if (clock && clock_file < 0)
        clock_file = open(clock, O_RDONLY | O_CLOEXEC);
    return init_code;
}

static int failure(const Board *board, const char *call) {
    double at = now();
    for (const Fault *fault = board->fault; fault < board->fault + board->faults; fault++)
        if (!strcmp(fault->call, call) && at >= fault->from && at < fault->to)
            return fault->code;
    return SUCCESS;
}

/* -- handles: a board that fell from the bus and came back has another one, and so has a library that was restarted */

static uint64_t lives(const Board *board) {
    uint64_t ended = 0;
    for (const Fault *fault = board->fault; fault < board->fault + board->faults; fault++)
        ended += fault->code == GPU_IS_LOST && now() >= fault->to;
    return ended;
}

static void *handle(unsigned index, unsigned slice) {
    return (void *)(uintptr_t)(lives(&boards[index]) << 32 | (uint64_t)era << 16 | slice << 8 | (index + 1));
}

static int started(void) {
    if (!references || owner != getpid())
        return UNINITIALIZED;
    if (latency)
        usleep(latency);
    return SUCCESS;
}

static int board_of(void *given, const char *call, int of_slice, Board **board) {
    uintptr_t bits = (uintptr_t)given;
    unsigned index = (bits & 0xff) - 1, slice = bits >> 8 & 0xff;
    int code = started();
    if (code)
        return code;
    if (index >= count || (bits >> 16 & 0xffff) != (era & 0xffff))
        return INVALID_ARGUMENT;
    *board = &boards[index];
    if ((code = failure(*board, "*")))
        return code;
    if (bits >> 32 != lives(*board))
        return GPU_IS_LOST; /* whoever keeps the old handle never sees the board again */
    if (!slice != !of_slice)
        return NOT_SUPPORTED;
    return failure(*board, call);
}

#define BOARD(given, of_slice)                                                                                        \
    Board *board;                                                                                                      \
    int code = board_of(given, __func__, of_slice, &board);                                                            \
    if (code)                                                                                                          \
    return code

/* -- NVML */

int nvmlInitWithFlags(unsigned flags) {
    int code;
    (void)flags;
    if (owner != getpid())
        references = 0;
    if (!references) {
        if ((code = scenario()))
            return code;
        owner = getpid(), era++;
    }
    references++;
    return SUCCESS;
}

int nvmlShutdown(void) {
    int code = started();
    if (!code)
        references--;
    return code;
}

const char *nvmlErrorString(int code) {
    (void)code;
    return "an error that pynvml has no words for";
}

int nvmlSystemGetDriverVersion(char *text, unsigned size) {
    snprintf(text, size, "570.86.15");
    return started();
}

int nvmlDeviceGetCount_v2(unsigned *boards_here) {
    *boards_here = count;
    return started();
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device) {
    int code = started();
    if (code || index >= count)
        return code ? code : INVALID_ARGUMENT;
    *device = handle(index, 0);
    return failure(&boards[index], "*");
}

int nvmlDeviceGetHandleByUUID(const char *uuid, void **device) {
    int code = started();
    for (unsigned index = 0; !code && index < count; index++) {
        *device = handle(index, 0);
        if (!strcmp(boards[index].uuid, uuid))
            return failure(&boards[index], "*");
        for (unsigned part = 0; part < boards[index].parts; part++) {
            *device = handle(index, part + 1);
            if (!strcmp(boards[index].part[part].uuid, uuid))
                return failure(&boards[index], "*");
        }
    }
    return code ? code : NOT_FOUND;
}

int nvmlDeviceGetDeviceHandleFromMigDeviceHandle(void *device, void **parent) {
    BOARD(device, 1);
    *parent = handle((unsigned)(board - boards), 0);
    return SUCCESS;
}

int nvmlDeviceGetAttributes_v2(void *device, Attributes *attributes) {
    BOARD(device, 1);
    *attributes = (Attributes){.gpu_slices = board->part[((uintptr_t)device >> 8 & 0xff) - 1].slices};
    return SUCCESS;
}

int nvmlDeviceGetMaxMigDeviceCount(void *device, unsigned *most) {
    BOARD(device, 0);
    *most = 7;
    return SUCCESS;
}

int nvmlDeviceGetMigMode(void *device, unsigned *current, unsigned *pending) {
    BOARD(device, 0);
    *current = *pending = 1;
    return board->parts ? SUCCESS : NOT_SUPPORTED;
}

int nvmlDeviceGetUUID(void *device, char *text, unsigned size) {
    BOARD(device, 0);
    snprintf(text, size, "%s", board->uuid);
    return SUCCESS;
}

int nvmlDeviceGetName(void *device, char *text, unsigned size) {
    BOARD(device, 0);
    snprintf(text, size, "%s", board->name);
    return SUCCESS;
}

int nvmlDeviceGetArchitecture(void *device, unsigned *arch) {
    BOARD(device, 0);
    *arch = board->arch;
    return SUCCESS;
}

int nvmlDeviceGetEnforcedPowerLimit(void *device, unsigned *milliwatts) {
    BOARD(device, 0);
    *milliwatts = 700000;
    return SUCCESS;
}

int nvmlDeviceGetPciInfo_v3(void *device, Pci *pci) {
    BOARD(device, 0);
    memset(pci, 0, sizeof *pci);
    snprintf(pci->bus_id, sizeof pci->bus_id, "00000000:%02X:00.0", (unsigned)(board - boards + 1) & 0xff);
    return SUCCESS;
}

int nvmlDeviceGetTotalEnergyConsumption(void *device, uint64_t *millijoules) {
    BOARD(device, 0);
    *millijoules = (uint64_t)llround(1000 * counted(board));
    return SUCCESS;
}

int nvmlDeviceGetPowerUsage(void *device, unsigned *milliwatts) {
    BOARD(device, 0);
    int averaged = board->arch >= AMPERE && board->arch < 100 && !strstr(board->name, "A100");
    *milliwatts = (unsigned)lround(1000 * watts(board, averaged ? 1.0 : board->window));
    return SUCCESS;
}

static int field(Board *board, FieldValue *entry) {
    char number[16];
    double power;
    snprintf(number, sizeof number, "%u", entry->field);
    entry->timestamp = (int64_t)(1e6 * updated(board));
    if (entry->field == ENERGY && !entry->scope) {
        entry->type = UNSIGNED_LONG_LONG;
        entry->value.ull = (uint64_t)llround(1000 * counted(board));
        return failure(board, number);
    }
    if ((entry->field != AVERAGE && entry->field != INSTANT) || entry->scope > 1)
        return INVALID_ARGUMENT;
    if (entry->scope && board->module < 0)
        return NOT_SUPPORTED;
    power = watts(board, entry->field == AVERAGE ? 1.0 : board->window) + (entry->scope ? board->module : 0);
    entry->type = UNSIGNED_INT;
    entry->value.ui = (uint32_t)lround(1000 * power);
    return entry->scope ? SUCCESS : failure(board, number);
}

int nvmlDeviceGetFieldValues(void *device, int entries, FieldValue *values) {
    BOARD(device, 0);
    for (FieldValue *entry = values; entry < values + entries; entry++)
        entry->code = (uint32_t)field(board, entry);
    return SUCCESS;
}

int nvmlDeviceGetUtilizationRates(void *device, Rates *rates) {
    BOARD(device, 0);
    *rates = (Rates){.gpu = (uint32_t)board->busy};
    return board->parts || board->busy < 0 ? NOT_SUPPORTED : SUCCESS;
}

int nvmlDeviceGetComputeRunningProcesses_v3(void *device, unsigned *room, ProcessInfo *list) {
    BOARD(device, 0);
    unsigned space = *room;
    *room = board->processes;
    if (space < board->processes)
        return INSUFFICIENT_SIZE;
    for (unsigned index = 0; index < board->processes; index++)
        list[index] = (ProcessInfo){.pid = board->process[index].pid, .memory = 1 << 30};
    return SUCCESS;
}

int nvmlDeviceGetProcessUtilization(void *device, Utilization *list, unsigned *room, uint64_t since) {
    BOARD(device, 0);
    unsigned space = *room;
    uint64_t at = (uint64_t)(1e6 * updated(board));
    *room = board->processes;
    if (board->parts)
        return NOT_SUPPORTED;
    if (at <= since || !board->processes)
        return NOT_FOUND;
    if (space < board->processes)
        return INSUFFICIENT_SIZE;
    for (unsigned index = 0; index < board->processes; index++)
        list[index] = (Utilization){.pid = board->process[index].pid, .at = at, .sm = board->process[index].percent};
    return SUCCESS;
}
