//! The short way in: attention alone, as a module with no glue and no imports, which JavaScript calls with a table of
//! numbers. The caller writes its tensors into a block of memory and says in the table where in the block they lie;
//! what it says is checked here, so that a wrong table is an error and never a read outside of the block.

mod block;
mod bytes;
mod table;
#[cfg(test)]
mod tests;

use crate::error::{Error, Operation};
use crate::kernel::Kernel;
use block::Block;
use table::{Last, Table, WORDS};

const OPERATION: Operation = Operation("compute_attention");

struct State {
    table: Table,
    /// By handle, which is one more than the place.
    blocks: Vec<Option<Block>>,
    /// Working space, kept for the next call.
    space: Option<Kernel>,
    last: Option<Last>,
    /// Code, operation, expected and found of the last refusal, a line each.
    error: String,
}

#[cfg(target_arch = "wasm32")]
thread_local! {
    static STATE: std::cell::RefCell<State> = const { std::cell::RefCell::new(State::new()) };
}

/// The functions that JavaScript sees.
#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code, reason = "names that the linker exports as they are")]
mod exports {
    use super::{STATE, WORDS};

    /// Where the table of the next call lies, in this memory for good.
    #[unsafe(no_mangle)]
    extern "C" fn table() -> *mut f64 {
        STATE.with_borrow_mut(|state| state.table.0.as_mut_ptr())
    }

    #[unsafe(no_mangle)]
    extern "C" fn table_words() -> usize {
        WORDS
    }

    /// A block of so many floats: its handle, or 0 where there is no memory left for it; `error` then says so.
    #[unsafe(no_mangle)]
    extern "C" fn allocate(floats: usize) -> usize {
        STATE.with_borrow_mut(|state| state.allocate(floats))
    }

    /// Where a block lies; null for a handle of none.
    #[unsafe(no_mangle)]
    extern "C" fn address(handle: usize) -> *mut f32 {
        STATE.with_borrow_mut(|state| match state.block(handle) {
            Some(Some(block)) => block.as_mut_ptr(),
            _ => std::ptr::null_mut(),
        })
    }

    /// Gives a block back; its handle may stand for another one later.
    #[unsafe(no_mangle)]
    extern "C" fn release(handle: usize) {
        STATE.with_borrow_mut(|state| {
            if let Some(block) = state.block(handle) {
                *block = None;
            }
        });
    }

    /// Does what the table says: 1, or 0 where it was refused; `error` then says why.
    #[unsafe(no_mangle)]
    extern "C" fn attend() -> u32 {
        STATE.with_borrow_mut(|state| u32::from(state.attend()))
    }

    #[unsafe(no_mangle)]
    extern "C" fn error() -> *const u8 {
        STATE.with_borrow(|state| state.error.as_ptr())
    }

    #[unsafe(no_mangle)]
    extern "C" fn error_bytes() -> usize {
        STATE.with_borrow(|state| state.error.len())
    }
}

impl State {
    const fn new() -> Self {
        State {
            table: Table([0.0; WORDS]),
            blocks: Vec::new(),
            space: None,
            last: None,
            error: String::new(),
        }
    }

    fn block(&mut self, handle: usize) -> Option<&mut Option<Block>> {
        self.blocks.get_mut(handle.wrapping_sub(1))
    }

    fn allocate(&mut self, floats: usize) -> usize {
        let Some(block) = Block::new(floats) else {
            let bytes = floats as f64 * size_of::<f32>() as f64;
            let found = format!("{bytes} bytes, which are not to be had");
            self.refuse(&OPERATION.too_large("tensors that fit into memory", found));
            return 0;
        };
        let free = self.blocks.iter().position(Option::is_none);
        let place = free.unwrap_or_else(|| {
            self.blocks.push(None);
            self.blocks.len() - 1
        });
        self.blocks[place] = Some(block);
        place + 1
    }

    fn attend(&mut self) -> bool {
        let blocks = &mut self.blocks;
        let done = self
            .table
            .block(blocks)
            .and_then(|block| (self.table).attend(block, &mut self.space, &mut self.last));
        if let Err(refusal) = &done {
            self.refuse(refusal);
        }
        done.is_ok()
    }

    #[cold]
    #[inline(never)]
    fn refuse(&mut self, refusal: &Error) {
        let report = refusal.report();
        let lines = [
            refusal.code(),
            report.operation,
            &report.expected,
            &report.found,
        ];
        self.error = lines.join("\n");
    }
}
