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
        // Not one that is much larger, and of those that fit the smallest: a small job would keep it from a large one.
        let fits = |(own, buffer): &(Use, wgpu::Buffer)| {
            *own == for_use && (size..=2 * size).contains(&buffer.size())
        };
        let fitting = (0..self.idle.len()).filter(|&n| fits(&self.idle[n]));
        if let Some(found) = fitting.min_by_key(|&n| self.idle[n].1.size()) {
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
