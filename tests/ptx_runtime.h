/* What C that was made of PTX needs: a function for each opcode, of the same name, and the launch of a grid.
 *
 * Integers wrap (-fwrapv), shifts are clamped, conversions to integers saturate, and every operation rounds by
 * itself (-ffp-contract=off), as on a GPU. Approximate instructions are exact here.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

typedef uint8_t b8, u8;
typedef uint16_t b16, u16;
typedef uint32_t b32, u32;
typedef uint64_t b64, u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;
typedef float f32;
typedef double f64;
typedef _Bool pred;

#define OP static inline __attribute__((always_inline, unused))

/* A register holds bits; an instruction says what they mean. */
OP f32 as_f32(u32 bits) { f32 value; memcpy(&value, &bits, 4); return value; }
OP f64 as_f64(u64 bits) { f64 value; memcpy(&value, &bits, 8); return value; }
OP u32 bits_f32(f32 value) { u32 bits; memcpy(&bits, &value, 4); return bits; }
OP u64 bits_f64(f64 value) { u64 bits; memcpy(&bits, &value, 8); return bits; }

#define INTEGERS(X) X(s16, 16) X(u16, 16) X(s32, 32) X(u32, 32) X(s64, 64) X(u64, 64)
#define BITS(X) X(b16, 16) X(b32, 32) X(b64, 64)
#define FLOATS(X) X(f32, f) X(f64, )

#define EVERY(T) \
    OP T mov_##T(T a) { return a; } \
    OP T selp_##T(T a, T b, pred c) { return c ? a : b; } \
    OP T add_##T(T a, T b) { return a + b; } \
    OP T sub_##T(T a, T b) { return a - b; } \
    OP pred setp_eq_##T(T a, T b) { return a == b; } \
    OP pred setp_lt_##T(T a, T b) { return a < b; } \
    OP pred setp_le_##T(T a, T b) { return a <= b; } \
    OP pred setp_gt_##T(T a, T b) { return a > b; } \
    OP pred setp_ge_##T(T a, T b) { return a >= b; }

#define LOGIC(T) \
    OP T and_##T(T a, T b) { return a & b; } \
    OP T or_##T(T a, T b) { return a | b; } \
    OP T xor_##T(T a, T b) { return a ^ b; }

/* Division by 0 gives ones; the smallest number by -1 wraps where a processor would trap. */
#define INTEGER(T, N) \
    EVERY(T) \
    OP pred setp_ne_##T(T a, T b) { return a != b; } \
    OP T neg_##T(T a) { return -a; } \
    OP T abs_##T(T a) { return a < 0 ? -a : a; } \
    OP T min_##T(T a, T b) { return a < b ? a : b; } \
    OP T max_##T(T a, T b) { return a > b ? a : b; } \
    OP T mul_lo_##T(T a, T b) { return a * b; } \
    OP T mul_hi_##T(T a, T b) { return (__int128)a * b >> N; } \
    OP T mad_lo_##T(T a, T b, T c) { return a * b + c; } \
    OP T div_##T(T a, T b) { return b == 0 ? (T)-1 : (T)-1 < 0 && b == (T)-1 ? -a : a / b; } \
    OP T rem_##T(T a, T b) { return b == 0 ? a : (T)-1 < 0 && b == (T)-1 ? 0 : a % b; } \
    OP T shr_##T(T a, u32 n) { return n < N ? a >> n : a < 0 ? -1 : 0; }
INTEGERS(INTEGER)

#define BIT_STRING(T, N) \
    EVERY(T) LOGIC(T) \
    OP pred setp_ne_##T(T a, T b) { return a != b; } \
    OP T not_##T(T a) { return ~a; } \
    OP T shl_##T(T a, u32 n) { return n < N ? a << n : 0; } \
    OP T shr_##T(T a, u32 n) { return n < N ? a >> n : 0; }
BITS(BIT_STRING)

LOGIC(pred)
OP pred mov_pred(pred a) { return a; }
OP pred not_pred(pred a) { return !a; }

#define WIDE(T, TWICE) \
    OP TWICE mul_wide_##T(T a, T b) { return (TWICE)a * b; } \
    OP TWICE mad_wide_##T(T a, T b, TWICE c) { return (TWICE)a * b + c; }
WIDE(s16, s32) WIDE(u16, u32) WIDE(s32, s64) WIDE(u32, u64)

/* Of a number and NaN, min and max give the number; -0 is less than 0. */
#define FLOAT(T, F) \
    EVERY(T) \
    OP T mul_##T(T a, T b) { return a * b; } \
    OP T div_##T(T a, T b) { return a / b; } \
    OP T rcp_##T(T a) { return 1 / a; } \
    OP T fma_##T(T a, T b, T c) { return fma##F(a, b, c); } \
    OP T neg_##T(T a) { return -a; } \
    OP T abs_##T(T a) { return fabs##F(a); } \
    OP T sqrt_##T(T a) { return sqrt##F(a); } \
    OP T rsqrt_##T(T a) { return 1 / sqrt##F(a); } \
    OP T ex2_##T(T a) { return exp2##F(a); } \
    OP T lg2_##T(T a) { return log2##F(a); } \
    OP T sin_##T(T a) { return sin##F(a); } \
    OP T cos_##T(T a) { return cos##F(a); } \
    OP T min_##T(T a, T b) { return a != a ? b : b != b ? a : a < b || (a == b && signbit(a)) ? a : b; } \
    OP T max_##T(T a, T b) { return a != a ? b : b != b ? a : a > b || (a == b && signbit(b)) ? a : b; } \
    OP T copysign_##T(T a, T b) { return copysign##F(b, a); } \
    OP pred setp_ne_##T(T a, T b) { return a < b || a > b; } \
    OP pred setp_equ_##T(T a, T b) { return !(a < b || a > b); } \
    OP pred setp_neu_##T(T a, T b) { return a != b; } \
    OP pred setp_ltu_##T(T a, T b) { return !(a >= b); } \
    OP pred setp_leu_##T(T a, T b) { return !(a > b); } \
    OP pred setp_gtu_##T(T a, T b) { return !(a <= b); } \
    OP pred setp_geu_##T(T a, T b) { return !(a < b); } \
    OP pred setp_nan_##T(T a, T b) { return a != a || b != b; } \
    OP pred setp_num_##T(T a, T b) { return a == a && b == b; } \
    OP pred testp_infinite_##T(T a) { return isinf(a); } \
    OP pred testp_finite_##T(T a) { return isfinite(a); } \
    OP pred testp_notanumber_##T(T a) { return a != a; }
FLOATS(FLOAT)
OP f32 add_sat_f32(f32 a, f32 b) { return fminf(fmaxf(a + b, 0), 1); }
OP f32 fma_sat_f32(f32 a, f32 b, f32 c) { return fminf(fmaxf(fmaf(a, b, c), 0), 1); }

/* Conversions: cvt_TO_FROM, to integers with the rounding between. */
#define FROM_INTEGER(T, F) OP T cvt_##T##_##F(F a) { return (T)a; }
#define OF_EVERY_INTEGER(T) \
    FROM_INTEGER(T, s8) FROM_INTEGER(T, u8) FROM_INTEGER(T, s16) FROM_INTEGER(T, u16) \
    FROM_INTEGER(T, s32) FROM_INTEGER(T, u32) FROM_INTEGER(T, s64) FROM_INTEGER(T, u64)
OF_EVERY_INTEGER(s8) OF_EVERY_INTEGER(u8) OF_EVERY_INTEGER(s16) OF_EVERY_INTEGER(u16) OF_EVERY_INTEGER(s32)
OF_EVERY_INTEGER(u32) OF_EVERY_INTEGER(s64) OF_EVERY_INTEGER(u64) OF_EVERY_INTEGER(f32) OF_EVERY_INTEGER(f64)
OP f64 cvt_f64_f32(f32 a) { return a; }
OP f32 cvt_f32_f64(f64 a) { return (f32)a; }

#define ROUND(T, F) \
    OP T cvt_rni_##T##_##T(T a) { return rint##F(a); } \
    OP T cvt_rzi_##T##_##T(T a) { return trunc##F(a); } \
    OP T cvt_rmi_##T##_##T(T a) { return floor##F(a); } \
    OP T cvt_rpi_##T##_##T(T a) { return ceil##F(a); }
FLOATS(ROUND)

/* NaN becomes 0, but of or to 64 bits the number whose first bit alone is 1. */
#define SATURATE(T, F, LEAST, MOST) \
    OP T saturated_##T##_##F(F a) { \
        if (a != a) return sizeof(F) == 8 || sizeof(T) == 8 ? (T)((T)1 << (8 * sizeof(T) - 1)) : 0; \
        return a <= (f64)LEAST ? LEAST : a >= (f64)MOST ? MOST : (T)a; \
    } \
    OP T cvt_rni_##T##_##F(F a) { return saturated_##T##_##F(cvt_rni_##F##_##F(a)); } \
    OP T cvt_rzi_##T##_##F(F a) { return saturated_##T##_##F(a); } \
    OP T cvt_rmi_##T##_##F(F a) { return saturated_##T##_##F(cvt_rmi_##F##_##F(a)); } \
    OP T cvt_rpi_##T##_##F(F a) { return saturated_##T##_##F(cvt_rpi_##F##_##F(a)); }
#define SATURATE_BOTH(T, LEAST, MOST) SATURATE(T, f32, LEAST, MOST) SATURATE(T, f64, LEAST, MOST)
SATURATE_BOTH(s8, INT8_MIN, INT8_MAX) SATURATE_BOTH(u8, 0, UINT8_MAX)
SATURATE_BOTH(s16, INT16_MIN, INT16_MAX) SATURATE_BOTH(u16, 0, UINT16_MAX)
SATURATE_BOTH(s32, INT32_MIN, INT32_MAX) SATURATE_BOTH(u32, 0, UINT32_MAX)
SATURATE_BOTH(s64, INT64_MIN, INT64_MAX) SATURATE_BOTH(u64, 0, UINT64_MAX)

/* Bits and bytes. */
OP u32 popc_b32(u32 a) { return __builtin_popcount(a); }
OP u32 popc_b64(u64 a) { return __builtin_popcountll(a); }
OP u32 clz_b32(u32 a) { return a ? __builtin_clz(a) : 32; }
OP u32 clz_b64(u64 a) { return a ? __builtin_clzll(a) : 64; }
OP u32 brev_b32(u32 a) { u32 r = 0; for (int i = 0; i < 32; i++) r |= (a >> i & 1) << (31 - i); return r; }

OP u64 ones(u32 count) { return count >= 64 ? ~(u64)0 : ((u64)1 << count) - 1; }
OP u64 bfi(u64 a, u64 b, u32 position, u32 length, u32 bits) {
    u64 mask = position >= bits ? 0 : ones(length) << position;
    return (b & ~mask) | (position >= bits ? 0 : a << position & mask);
}
OP u32 bfi_b32(u32 a, u32 b, u32 position, u32 length) { return bfi(a, b, position, length, 32); }
OP u64 bfi_b64(u64 a, u64 b, u32 position, u32 length) { return bfi(a, b, position, length, 64); }
OP u32 bfe_u32(u32 a, u32 position, u32 length) { return position >= 32 ? 0 : a >> position & ones(length); }
OP u64 bfe_u64(u64 a, u32 position, u32 length) { return position >= 64 ? 0 : a >> position & ones(length); }

/* Four bytes chosen among eight; the eighth's bit of a choice repeats the byte's sign instead. */
OP u32 prmt_b32(u32 a, u32 b, u32 choices) {
    u64 bytes = (u64)b << 32 | a;
    u32 chosen = 0;
    for (int i = 0; i < 4; i++) {
        u32 choice = choices >> 4 * i & 15, byte = bytes >> 8 * (choice & 7) & 255;
        chosen |= (choice & 8 ? (byte & 128 ? 255 : 0) : byte) << 8 * i;
    }
    return chosen;
}

/* Two words of 64 bits, shifted, clamped or modulo 32. */
OP u32 shf_l_clamp_b32(u32 a, u32 b, u32 n) { return ((u64)b << 32 | a) << (n > 32 ? 32 : n) >> 32; }
OP u32 shf_r_clamp_b32(u32 a, u32 b, u32 n) { return ((u64)b << 32 | a) >> (n > 32 ? 32 : n); }
OP u32 shf_l_wrap_b32(u32 a, u32 b, u32 n) { return ((u64)b << 32 | a) << (n & 31) >> 32; }
OP u32 shf_r_wrap_b32(u32 a, u32 b, u32 n) { return ((u64)b << 32 | a) >> (n & 31); }

/* Sums of products of the 16-bit halves of a and two bytes of b, or of the four bytes of both. */
#define DOT(NAME, A, B, SHORT, BYTE) \
    OP s32 dp2a_lo_##NAME(u32 a, u32 b, s32 c) { \
        return c + (SHORT)a * (BYTE)b + (SHORT)(a >> 16) * (BYTE)(b >> 8); \
    } \
    OP s32 dp2a_hi_##NAME(u32 a, u32 b, s32 c) { return dp2a_lo_##NAME(a, b >> 16, c); } \
    OP s32 dp4a_##NAME(u32 a, u32 b, s32 c) { \
        for (int i = 0; i < 32; i += 8) c += (A)(a >> i) * (BYTE)(b >> i); \
        return c; \
    }
DOT(s32_s32, s8, s8, s16, s8) DOT(s32_u32, s8, u8, s16, u8) DOT(u32_s32, u8, s8, u16, s8) DOT(u32_u32, u8, u8, u16, u8)

/* Threads run one after the other, so atomic operations need no more than this. */
#define ATOMIC(T) \
    OP T atom_add_##T(T *p, T a) { T old = *p; *p = old + a; return old; } \
    OP T atom_min_##T(T *p, T a) { T old = *p; *p = old < a ? old : a; return old; } \
    OP T atom_max_##T(T *p, T a) { T old = *p; *p = old > a ? old : a; return old; } \
    OP T atom_exch_##T(T *p, T a) { T old = *p; *p = a; return old; } \
    OP T atom_cas_##T(T *p, T a, T b) { T old = *p; *p = old == a ? b : old; return old; }
#define ATOMIC_LOGIC(T) \
    OP T atom_and_##T(T *p, T a) { T old = *p; *p = old & a; return old; } \
    OP T atom_or_##T(T *p, T a) { T old = *p; *p = old | a; return old; } \
    OP T atom_xor_##T(T *p, T a) { T old = *p; *p = old ^ a; return old; }
ATOMIC(s32) ATOMIC(u32) ATOMIC(b32) ATOMIC(s64) ATOMIC(u64) ATOMIC(b64) ATOMIC(f32) ATOMIC(f64)
ATOMIC_LOGIC(b32) ATOMIC_LOGIC(b64)

/* The launch. */
typedef struct { u32 x, y, z; } Index;
static Index tid, ntid, ctaid, nctaid;
static Index tids[1024];

/* Instructions that threads have executed, and those of float64 among them. */
u64 executed[2];
OP void count(u64 instructions, u64 of_float64) { executed[0] += instructions; executed[1] += of_float64; }

static void kernel(const char *parameters);
static void forget_shared_memory(void);

/* Threads of a block with barriers are fibers: each runs until it ends or waits. */
static const char *launched_with;
static ucontext_t scheduler, fibers[1024];
static u32 running;
static pred ended[1024];

static __attribute__((unused)) void barrier(void) {
    swapcontext(&fibers[running], &scheduler);
    tid = tids[running];
}

static void run_fiber(void) {
    kernel(launched_with);
    ended[running] = 1;
}

static void run_fibers(const u32 *order, u32 threads) {
    enum { STACK = 1 << 18 };
    for (u32 i = 0; i < threads; i++) {
        getcontext(&fibers[i]);
        if (!fibers[i].uc_stack.ss_sp) fibers[i].uc_stack.ss_sp = malloc(STACK);
        fibers[i].uc_stack.ss_size = STACK;
        fibers[i].uc_link = &scheduler;
        makecontext(&fibers[i], run_fiber, 0);
        ended[i] = 0;
    }
    for (u32 left = threads; left;) {
        for (u32 i = 0; i < threads; i++) {
            running = order[i];
            if (ended[running]) continue;
            tid = tids[running];
            swapcontext(&scheduler, &fibers[running]);
            left -= ended[running];
        }
    }
}

static u64 random_state;
static void shuffle(u32 *order, u64 count) {
    for (u64 i = count; i > 1; i--) {
        random_state = random_state * 6364136223846793005u + 1442695040888963407u;
        u64 other = (random_state >> 33) % i;
        u32 swapped = order[i - 1];
        order[i - 1] = order[other];
        order[other] = swapped;
    }
}

static Index index_in(const u32 *extent, u64 i) {
    return (Index){i % extent[0], i / extent[0] % extent[1], i / extent[0] / extent[1]};
}

/* Run the kernel for every thread of a grid, blocks and threads in order ('f'), backward ('b') or shuffled ('r'). */
void launch(const char *parameters, const u32 *grid, const u32 *block, char order, u64 seed, int has_barriers) {
    u64 blocks = (u64)grid[0] * grid[1] * grid[2];
    u32 threads = block[0] * block[1] * block[2];
    u32 *order_of_blocks = malloc(blocks * sizeof(u32)), order_of_threads[1024];
    for (u64 i = 0; i < blocks; i++) order_of_blocks[i] = order == 'b' ? blocks - 1 - i : i;
    for (u32 i = 0; i < threads; i++) order_of_threads[i] = order == 'b' ? threads - 1 - i : i;
    for (u32 i = 0; i < threads; i++) tids[i] = index_in(block, i);
    random_state = seed;
    if (order == 'r') shuffle(order_of_blocks, blocks);
    launched_with = parameters;
    ntid = (Index){block[0], block[1], block[2]};
    nctaid = (Index){grid[0], grid[1], grid[2]};
    for (u64 i = 0; i < blocks; i++) {
        ctaid = index_in(grid, order_of_blocks[i]);
        forget_shared_memory();
        if (order == 'r') shuffle(order_of_threads, threads);
        if (has_barriers) {
            run_fibers(order_of_threads, threads);
            continue;
        }
        for (u32 t = 0; t < threads; t++) {
            tid = tids[order_of_threads[t]];
            kernel(parameters);
        }
    }
    free(order_of_blocks);
}
