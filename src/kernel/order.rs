//! The order in which the steps of an inner loop are written, kept.
//!
//! Compilers to WebAssembly put the sum of one step into the sum of the next, as deep as the steps go, and all that the steps
//! read is then alive at once: more than there are registers. Nothing is moved past a place where the loop may be left.

/// Always false, which no compiler knows: `if out_of_order() { break }` keeps what stands before it before what follows.
#[inline(always)]
pub(crate) fn out_of_order() -> bool {
    answer()
}

/// When the kernels are optimised, zero is put in for the import, last of all: the tests are gone, and the order stays.
#[cfg(all(target_arch = "wasm32", feature = "kernels"))]
#[inline(always)]
fn answer() -> bool {
    #[allow(
        unsafe_code,
        reason = "an import, which is gone before a browser sees it: see `build_module` in xtask/src/wasm.rs"
    )]
    #[link(wasm_import_module = "order")]
    unsafe extern "C" {
        safe fn out_of_order() -> i32;
    }
    out_of_order() != 0
}

/// In other builds the tests stay.
#[cfg(not(all(target_arch = "wasm32", feature = "kernels")))]
#[inline(always)]
fn answer() -> bool {
    static NEVER: bool = false;
    #[allow(unsafe_code, reason = "the only read that LLVM does not foresee")]
    // SAFETY: of a static, which is aligned and never written.
    unsafe {
        (&raw const NEVER).read_volatile()
    }
}
