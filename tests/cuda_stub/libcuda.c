/* A CUDA driver for tests of the host side: device memory is host memory, and launches are written down only.
 *
 * tests/cuda_driver.py builds it as libcuda.so.1 and runs programs on it. Functions that are not here do nothing
 * and succeed, which is enough for what numba-cuda asks of them.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int Result;
typedef uint64_t Pointer; /* of the device, and every handle */

enum { INVALID_VALUE = 1, OUT_OF_MEMORY = 2, NOT_READY = 600 };
enum { GPUS = 2, CONTEXTS = 0x1000, LARGEST_X = 2147483647, LARGEST_YZ = 65535 };

/* What a test asks about: a launch, an allocation or a copy, on which stream and GPU. */
struct call { char kind; Pointer stream; int gpu; uint32_t grid[3]; };
enum { MOST_CALLS = 4096 };
struct call calls[MOST_CALLS];
int call_count;
/* What events are told when they ask whether the work before them has ended. */
int all_work_has_ended = 1;
/* Of the last launch: as many arguments as a test says that the kernel has, 8 bytes from where each is. */
int argument_count;
uint64_t arguments_of_launch[64];

static Pointer last_handle = 0x100000;
static __thread Pointer contexts[64];
static __thread int depth;

static Pointer new_handle(void) { return last_handle += 16; }
static Pointer current(void) { return depth ? contexts[depth - 1] : 0; }
static int gpu_of(Pointer context) { return context ? (int)(context - CONTEXTS) : 0; }

static void note(char kind, Pointer stream, uint32_t x, uint32_t y, uint32_t z)
{
    if (call_count < MOST_CALLS)
        calls[call_count++] = (struct call){kind, stream, gpu_of(current()), {x, y, z}};
}

/* Devices and contexts. */
Result cuInit(unsigned flags) { return 0; }
Result cuDriverGetVersion(int *version) { *version = 13000; return 0; }
Result cuDeviceGetCount(int *count) { *count = GPUS; return 0; }
Result cuDeviceGet(int *device, int ordinal) { *device = ordinal; return 0; }
Result cuDeviceGetName(char *name, int size, int device) { snprintf(name, size, "stub %d", device); return 0; }
Result cuDeviceGetUuid_v2(char *uuid, int device) { memset(uuid, device + 1, 16); return 0; }
Result cuDeviceTotalMem_v2(size_t *bytes, int device) { *bytes = 1ull << 36; return 0; }
Result cuDeviceGetAttribute(int *value, int attribute, int device)
{
    switch (attribute) {
    case 1: case 2: case 3: case 4: *value = attribute < 3 ? 1024 : attribute == 3 ? 64 : 1024; break; /* block */
    case 5: *value = LARGEST_X; break;
    case 6: case 7: *value = LARGEST_YZ; break;
    case 8: *value = 49152; break; /* shared memory */
    case 10: *value = 32; break; /* a warp */
    case 12: *value = 65536; break; /* registers */
    case 16: *value = 100; break; /* multiprocessors */
    case 75: *value = 9; break; /* compute capability */
    case 76: *value = 0; break;
    default: *value = 1;
    }
    return 0;
}
Result cuDevicePrimaryCtxRetain(Pointer *context, int device) { *context = CONTEXTS + device; return 0; }
Result cuDevicePrimaryCtxGetState(int device, unsigned *flags, int *active) { *flags = 0; *active = 1; return 0; }
Result cuCtxGetCurrent(Pointer *context) { *context = current(); return 0; }
Result cuCtxSetCurrent(Pointer context) { depth += !depth; contexts[depth - 1] = context; return 0; }
Result cuCtxPushCurrent_v2(Pointer context) { contexts[depth++] = context; return 0; }
Result cuCtxPopCurrent_v2(Pointer *context) { *context = current(); depth -= depth > 0; return 0; }
Result cuCtxGetDevice(int *device) { *device = gpu_of(current()); return 0; }
Result cuCtxGetDevice_v2(int *device, Pointer context) { *device = gpu_of(context ? context : current()); return 0; }
Result cuCtxGetId(Pointer context, uint64_t *number) { *number = context; return 0; }
Result cuCtxGetApiVersion(Pointer context, unsigned *version) { *version = 3020; return 0; }
Result cuCtxGetStreamPriorityRange(int *least, int *greatest) { *least = *greatest = 0; return 0; }

/* Memory: the GPU that an allocation is made on stands in front of it. */
enum { HEADER = 256 };
int allocations_left = -1; /* before there is no memory, if not negative */
Result cuMemAlloc_v2(Pointer *pointer, size_t size)
{
    if (!allocations_left)
        return OUT_OF_MEMORY;
    allocations_left -= allocations_left > 0;
    char *memory = aligned_alloc(HEADER, (size + 2 * HEADER - 1) / HEADER * HEADER + HEADER);
    memset(memory, 0xA5, size + HEADER);
    *(int *)memory = gpu_of(current());
    *pointer = (Pointer)(memory + HEADER);
    note('a', 0, 0, 0, 0);
    return 0;
}
Result cuMemFree_v2(Pointer pointer)
{
    free((char *)pointer - HEADER);
    allocations_left += allocations_left >= 0;
    return 0;
}
Result cuMemGetInfo_v2(size_t *available, size_t *total) { *available = *total = 1ull << 36; return 0; }
Result cuPointerGetAttribute(void *value, int attribute, Pointer pointer)
{
    if (attribute == 9)
        *(int *)value = *(int *)((char *)pointer - HEADER);
    else
        *(Pointer *)value = pointer;
    return 0;
}
static Result copy(char kind, Pointer target, Pointer source, size_t size, Pointer stream)
{
    memcpy((void *)target, (void *)source, size);
    note(kind, stream, 0, 0, 0);
    return 0;
}
Result cuMemcpyHtoD_v2(Pointer to, Pointer from, size_t n) { return copy('h', to, from, n, 0); }
Result cuMemcpyHtoDAsync_v2(Pointer to, Pointer from, size_t n, Pointer s) { return copy('h', to, from, n, s); }
Result cuMemcpyDtoH_v2(Pointer to, Pointer from, size_t n) { return copy('d', to, from, n, 0); }
Result cuMemcpyDtoHAsync_v2(Pointer to, Pointer from, size_t n, Pointer s) { return copy('d', to, from, n, s); }
Result cuMemcpyDtoD_v2(Pointer to, Pointer from, size_t n) { return copy('c', to, from, n, 0); }
Result cuMemcpyDtoDAsync_v2(Pointer to, Pointer from, size_t n, Pointer s) { return copy('c', to, from, n, s); }

/* Streams, events, modules: handles. */
Result cuStreamCreate(Pointer *stream, unsigned flags) { *stream = new_handle(); return 0; }
Result cuStreamSynchronize(Pointer stream) { note('s', stream, 0, 0, 0); return 0; }
Result cuStreamGetCtx(Pointer stream, Pointer *context) { *context = current(); return 0; }
Result cuStreamGetCtx_v2(Pointer stream, Pointer *context, Pointer *green)
{
    *context = current();
    if (green)
        *green = 0;
    return 0;
}
Result cuStreamGetFlags(Pointer stream, unsigned *flags) { *flags = 0; return 0; }
Result cuStreamGetPriority(Pointer stream, int *priority) { *priority = 0; return 0; }
Result cuStreamGetDevice(Pointer stream, int *device) { *device = gpu_of(current()); return 0; }
Result cuStreamIsCapturing(Pointer stream, int *status) { *status = 0; return 0; }
Result cuEventCreate(Pointer *event, unsigned flags) { *event = new_handle(); return 0; }
Result cuEventQuery(Pointer event) { return all_work_has_ended ? 0 : NOT_READY; }
Result cuEventElapsedTime(float *milliseconds, Pointer from, Pointer to) { *milliseconds = 1; return 0; }
Result cuModuleLoadDataEx(Pointer *module, const void *image, unsigned n, void *options, void *values)
{
    *module = new_handle();
    return 0;
}
Result cuModuleLoadData(Pointer *module, const void *image) { *module = new_handle(); return 0; }
Result cuModuleGetFunction(Pointer *function, Pointer module, const char *name) { *function = new_handle(); return 0; }
Result cuLibraryLoadData(Pointer *library, const void *code, void *options, void *values, unsigned n,
                         void *more, void *their, unsigned m)
{
    *library = new_handle();
    return 0;
}
Result cuLibraryGetKernel(Pointer *kernel, Pointer library, const char *name) { *kernel = new_handle(); return 0; }
Result cuLibraryGetModule(Pointer *module, Pointer library) { *module = new_handle(); return 0; }
Result cuKernelGetFunction(Pointer *function, Pointer kernel) { *function = kernel; return 0; }
Result cuKernelGetAttribute(int *value, int attribute, Pointer kernel, int device) { *value = 32; return 0; }
Result cuKernelGetParamInfo(Pointer kernel, size_t index, size_t *offset, size_t *size) { return INVALID_VALUE; }
Result cuFuncGetAttribute(int *value, int attribute, Pointer function) { *value = attribute ? 32 : 1024; return 0; }

static Result launch(uint32_t x, uint32_t y, uint32_t z, Pointer stream, void **arguments)
{
    for (int i = 0; i < argument_count; i++)
        memcpy(&arguments_of_launch[i], arguments[i], 8);
    if (!x || !y || !z || x > LARGEST_X || y > LARGEST_YZ || z > LARGEST_YZ)
        return INVALID_VALUE;
    note('l', stream, x, y, z);
    return 0;
}
Result cuLaunchKernel(Pointer f, unsigned x, unsigned y, unsigned z, unsigned bx, unsigned by, unsigned bz,
                      unsigned shared, Pointer stream, void **arguments, void **extra)
{
    return launch(x, y, z, stream, arguments);
}
struct configuration { unsigned grid[3], block[3], shared; Pointer stream; };
Result cuLaunchKernelEx(const struct configuration *c, Pointer f, void **arguments, void **extra)
{
    return launch(c->grid[0], c->grid[1], c->grid[2], c->stream, arguments);
}
Result cuGetErrorName(int error, const char **name) { *name = "CUDA_ERROR_OF_STUB"; return 0; }
Result cuGetErrorString(int error, const char **text) { *text = "refused by the stub"; return 0; }

static Result succeed(void) { return 0; }
Result cuGetProcAddress_v2(const char *name, void **function, int version, uint64_t flags, int *status)
{
    static const char *const endings[] = {"_v2", ""};
    Dl_info here;
    dladdr((void *)cuInit, &here);
    void *library = dlopen(here.dli_fname, RTLD_NOW);
    *function = succeed;
    for (int i = 0; i < 2; i++) {
        char full[256];
        snprintf(full, sizeof full, "%s%s", name, endings[i]);
        void *found = dlsym(library, full);
        if (found) {
            *function = found;
            break;
        }
    }
    if (status)
        *status = 0;
    return 0;
}
Result cuGetProcAddress(const char *name, void **function, int version, uint64_t flags)
{
    return cuGetProcAddress_v2(name, function, version, flags, NULL);
}
