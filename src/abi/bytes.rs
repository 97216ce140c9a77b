//! Bytes of a mask, which lie in a block of floats.

#![allow(unsafe_code, reason = "a slice seen as one of another type")]

/// The bytes of `floats`.
fn bytes_mut(floats: &mut [f32]) -> &mut [u8] {
    let bytes = size_of_val(floats);
    // SAFETY: the same memory, borrowed as long; bytes have no alignment, and any bits are bytes and floats alike.
    unsafe { std::slice::from_raw_parts_mut(floats.as_mut_ptr().cast(), bytes) }
}

/// Makes every byte but zero a one in the first `count` bytes.
pub(super) fn normalise(floats: &mut [f32], count: usize) -> Option<()> {
    let bytes = bytes_mut(floats).get_mut(..count)?;
    bytes.iter_mut().for_each(|byte| *byte = (*byte).min(1));
    Some(())
}

/// The first `count` bytes as booleans, if each is zero or one.
pub(super) fn booleans(floats: &[f32], count: usize) -> Option<&[bool]> {
    // SAFETY: as above.
    let bytes: &[u8] =
        unsafe { std::slice::from_raw_parts(floats.as_ptr().cast(), size_of_val(floats)) };
    let bytes = bytes.get(..count)?;
    if bytes.iter().fold(0, |all, byte| all | byte) > 1 {
        return None;
    }
    // SAFETY: the same memory, borrowed as long; every byte was just seen to be zero or one, which are booleans.
    Some(unsafe { std::slice::from_raw_parts(bytes.as_ptr().cast(), count) })
}
