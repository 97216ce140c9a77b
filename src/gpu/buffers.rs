//! Buffers that are kept from job to job.

/// What a buffer is for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Use {
    /// Kernels read and write it.
    Work,
    /// It is read by the CPU.
    Read,
}

impl Use {
    fn usages(self) -> wgpu::BufferUsages {
        use wgpu::BufferUsages as Usages;
        match self {
            Use::Work => Usages::STORAGE | Usages::UNIFORM | Usages::COPY_DST | Usages::COPY_SRC,
            Use::Read => Usages::MAP_READ | Usages::COPY_DST,
        }
    }
}

/// Bytes that are kept at most while no job needs them.
const KEPT: u64 = 256 << 20;
/// Sizes are multiples of this, so that those of much the same size are the same.
const STEP: u64 = 256;

/// Those that no job needs at the time, the one given back last at the end.
#[derive(Default)]
pub(super) struct Buffers {
    idle: Vec<(Use, wgpu::Buffer)>,
    /// Those of the job that runs.
    lent: Vec<wgpu::Buffer>,
}

impl Buffers {
    /// One of at least so many bytes; what it holds is left over from before.
    pub fn take(&mut self, device: &wgpu::Device, bytes: usize, for_use: Use) -> wgpu::Buffer {
        let size = (bytes as u64).max(1).next_multiple_of(STEP);
        let size_for_use =
            |(own, buffer): &(Use, wgpu::Buffer)| (*own == for_use).then(|| buffer.size());
        if let Some(found) = smallest_that_fits(self.idle.iter().map(size_for_use), size) {
            let (_, buffer) = self.idle.remove(found);
            self.lent.push(buffer.clone());
            return buffer;
        }
        let buffer = device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size,
            usage: for_use.usages(),
            mapped_at_creation: false,
        });
        self.lent.push(buffer.clone());
        buffer
    }

    /// Lets all go, those of a job that failed among them: one that there was no memory for is of no use to anybody.
    pub fn clear(&mut self) {
        let idle = self.idle.drain(..).map(|(_, buffer)| buffer);
        for buffer in idle.chain(self.lent.drain(..)) {
            buffer.destroy();
        }
    }

    /// Keeps it for later, and lets the oldest go where there are too many.
    pub fn give(&mut self, buffer: wgpu::Buffer, for_use: Use) {
        self.lent.retain(|lent| *lent != buffer);
        self.idle.push((for_use, buffer));
        let mut bytes: u64 = self.idle.iter().map(|(_, buffer)| buffer.size()).sum();
        while bytes > KEPT && !self.idle.is_empty() {
            let (_, oldest) = self.idle.remove(0);
            bytes -= oldest.size();
            oldest.destroy();
        }
    }
}

/// Of what is idle (none: for another use) the place of the smallest that has `needed` bytes, and not much more: a small job
/// would keep a large one from its buffer.
fn smallest_that_fits(idle: impl Iterator<Item = Option<u64>>, needed: u64) -> Option<usize> {
    let fitting = idle
        .enumerate()
        .filter_map(|(place, size)| Some((place, size?)))
        .filter(|(_, size)| (needed..=2 * needed).contains(size));
    fitting
        .min_by_key(|&(_, size)| size)
        .map(|(place, _)| place)
}

#[cfg(test)]
mod tests {
    use super::smallest_that_fits;

    #[test]
    fn takes_the_smallest_that_fits() {
        let idle = [256, 2048, 1024, 1280, 4096].map(Some);
        let among = |idle: &[Option<u64>], needed| smallest_that_fits(idle.iter().copied(), needed);
        assert_eq!(among(&idle, 1024), Some(2));
        assert_eq!(among(&idle, 1280), Some(3));
        assert_eq!(among(&idle, 1536), Some(1));
        // twice as large is not too large
        assert_eq!(among(&idle, 2304), Some(4));
        assert_eq!(among(&[None, Some(4096)], 1024), None);
        assert_eq!(among(&[None, Some(512)], 512), Some(1));
    }
}
