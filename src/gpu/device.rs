//! The device: opened, given work, and asked what went wrong.

use super::buffers::{Buffers, Use};
#[cfg(target_arch = "wasm32")]
use super::hurry::Hurry;
use super::numbers::Numbers;
use super::shaders::{Entry, Shaders};
use super::{Adapter, OPERATION, Tiles};
use crate::error::{Error, GpuFault, Operation};
use futures_channel::oneshot;
use std::cell::RefCell;
use std::sync::{Arc, Mutex, PoisonError};

/// How many numbers a browser is made to pass on before it is told of others. It collects what it is told until something is
/// submitted; where it need not, the process that has the GPU takes them over while the next are written: 12 MB to an NVIDIA H200
/// and 4 back took 9 ms in place of 12.
#[cfg(target_arch = "wasm32")]
const LARGE: usize = 1 << 16;

/// One kernel over its buffers.
pub(super) struct Pass<'a> {
    pub entry: Entry,
    /// What is bound as the uniform.
    pub uniform: &'a [u8],
    /// What is read, from binding 1 on.
    pub reads: Vec<&'a wgpu::Buffer>,
    /// Binding 6.
    pub writes: &'a wgpu::Buffer,
    pub groups: [u32; 3],
}

/// A buffer that is about to be read.
type Mapped = oneshot::Receiver<Result<(), wgpu::BufferAsyncError>>;

/// A device with its kernels and its buffers.
pub(super) struct Device {
    device: wgpu::Device,
    queue: wgpu::Queue,
    pub adapter: Adapter,
    pub tiles: Tiles,
    /// Bytes of the largest buffer that can be bound.
    pub most_bytes: usize,
    shaders: RefCell<Shaders>,
    buffers: RefCell<Buffers>,
    lost: Arc<Mutex<Option<String>>>,
    /// Not for a program that stands in for a GPU: it would only be kept from its work.
    #[cfg(target_arch = "wasm32")]
    hurry: Option<Hurry>,
}

/// Work for the device, from its first buffer to its last result, watched for what it may run into. Where it does not come to
/// its end, no buffer is kept.
pub(super) struct Job<'a> {
    device: &'a Device,
    op: Operation,
    watch: Option<Watch>,
    ended: bool,
}

/// What a job may run into. What was begun last ends first.
struct Watch {
    validation: wgpu::ErrorScopeGuard,
    memory: wgpu::ErrorScopeGuard,
}

impl Watch {
    fn on(device: &wgpu::Device) -> Self {
        let memory = device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let validation = device.push_error_scope(wgpu::ErrorFilter::Validation);
        Watch { validation, memory }
    }

    /// Asks what there was, and waits for the answer in what it gives.
    fn end(self, op: Operation) -> impl Future<Output = Option<Error>> {
        let (validation, memory) = (self.validation.pop(), self.memory.pop());
        async move {
            // what there was no memory for is not valid either: that is said first
            let told = [
                (GpuFault::Memory, "memory for the job", memory.await),
                (
                    GpuFault::Validation,
                    "kernels that it takes",
                    validation.await,
                ),
            ];
            told.into_iter()
                .find_map(|(fault, expected, error)| Some(op.gpu(fault, expected, error?)))
        }
    }
}

impl Device {
    pub async fn open() -> Result<Self, Error> {
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
        let options = wgpu::RequestAdapterOptions {
            power_preference: wgpu::PowerPreference::HighPerformance,
            ..wgpu::RequestAdapterOptions::default()
        };
        let refused = |fault, expected: &str, found: &dyn std::fmt::Display| {
            OPERATION.gpu(fault, expected, found)
        };
        let adapter = (instance.request_adapter(&options).await)
            .map_err(|error| refused(GpuFault::NoAdapter, "a GPU adapter", &error))?;
        let descriptor = wgpu::DeviceDescriptor {
            required_limits: wgpu::Limits::defaults(),
            ..wgpu::DeviceDescriptor::default()
        };
        let (device, queue) = (adapter.request_device(&descriptor).await)
            .map_err(|error| refused(GpuFault::NoDevice, "a GPU device", &error))?;
        let lost = Arc::new(Mutex::new(None));
        let note = Arc::clone(&lost);
        device.set_device_lost_callback(move |reason, text| {
            *note.lock().unwrap_or_else(PoisonError::into_inner) =
                Some(format!("{reason:?} {text}"));
        });
        let info = adapter.get_info();
        let is_fallback = info.device_type == wgpu::DeviceType::Cpu;
        let limits = device.limits();
        let most = limits
            .max_buffer_size
            .min(limits.max_storage_buffer_binding_size);
        Ok(Device {
            shaders: RefCell::new(Shaders::new(&device)),
            buffers: RefCell::default(),
            adapter: Adapter {
                is_fallback,
                name: info.name,
            },
            tiles: Tiles::fastest_on(is_fallback),
            most_bytes: usize::try_from(most).unwrap_or(usize::MAX),
            device,
            queue,
            lost,
            #[cfg(target_arch = "wasm32")]
            hurry: if is_fallback { None } else { Hurry::new() },
        })
    }

    /// Ends the device; every later job fails with `device_lost`.
    pub fn close(&self) {
        self.device.destroy();
    }

    /// Begins a job.
    pub fn job(&self, op: Operation) -> Result<Job<'_>, Error> {
        if let Some(error) = self.lost(op) {
            return Err(error);
        }
        Ok(Job {
            device: self,
            op,
            watch: Some(Watch::on(&self.device)),
            ended: false,
        })
    }

    fn lost(&self, op: Operation) -> Option<Error> {
        let lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        let found = lost.as_ref()?;
        Some(op.gpu(GpuFault::DeviceLost, "a device that is there", found))
    }
}

impl Job<'_> {
    /// A buffer of so many floats that kernels read and write.
    pub fn room(&self, floats: usize) -> Result<wgpu::Buffer, Error> {
        let bytes = floats.saturating_mul(size_of::<f32>());
        let most = self.device.most_bytes;
        if bytes > most {
            return Err(self.op.gpu(
                GpuFault::Unsuited,
                format!("buffers of at most {most} bytes on this adapter"),
                bytes,
            ));
        }
        Ok(self.take(bytes, Use::Work))
    }

    /// A buffer with these contents.
    pub fn filled<T: bytemuck::NoUninit>(&self, data: &[T]) -> Result<wgpu::Buffer, Error> {
        let bytes: &[u8] = bytemuck::cast_slice(data);
        let buffer = self.room(bytes.len().div_ceil(size_of::<f32>()))?;
        self.device.queue.write_buffer(&buffer, 0, bytes);
        Ok(buffer)
    }

    /// The same with numbers, wherever they are.
    pub fn sent(&self, numbers: &Numbers<'_>) -> Result<wgpu::Buffer, Error> {
        match numbers {
            Numbers::Ours(numbers) => self.filled(numbers),
            #[cfg(target_arch = "wasm32")]
            Numbers::Theirs(array) => {
                let buffer = self.room(numbers.len())?;
                browser::write(&self.device.queue, &buffer, array).map_err(|found| {
                    let expected = "numbers that can be written to a buffer";
                    self.op.gpu(GpuFault::Validation, expected, found)
                })?;
                if !self.device.adapter.is_fallback && numbers.len() >= LARGE {
                    self.device.queue.submit([]);
                }
                Ok(buffer)
            }
        }
    }

    fn take(&self, bytes: usize, for_use: Use) -> wgpu::Buffer {
        let Device {
            device, buffers, ..
        } = self.device;
        buffers.borrow_mut().take(device, bytes, for_use)
    }

    /// Runs passes one after the other and reads the first floats of some buffers back. Nothing else may be sent after it.
    /// What is to be done `meanwhile` may find that the results are of no use.
    pub async fn run(
        &mut self,
        passes: &[Pass<'_>],
        wanted: &[(&wgpu::Buffer, usize)],
        meanwhile: &dyn Fn() -> Result<(), Error>,
        take: &mut dyn FnMut(usize, Numbers<'_>),
    ) -> Result<(), Error> {
        let uniforms =
            (passes.iter().map(|pass| self.filled(pass.uniform))).collect::<Result<Vec<_>, _>>()?;
        let staged: Vec<_> = (wanted.iter())
            .map(|&(buffer, floats)| {
                let bytes = floats * size_of::<f32>();
                (buffer, self.take(bytes, Use::Read), bytes as u64)
            })
            .collect();
        self.submit(passes, &uniforms, &staged);
        let mapped: Vec<_> = (staged.iter())
            .map(|(_, stage, bytes)| {
                let (send, receive) = oneshot::channel();
                stage.map_async(wgpu::MapMode::Read, 0..*bytes, move |result| {
                    // nobody waits for it where the job was given up
                    let _ = send.send(result);
                });
                receive
            })
            .collect();
        // Asked along with the results: each question is a way to the GPU's process and back.
        let told = self.watch.take().map(|watch| watch.end(self.op));
        meanwhile()?;
        // In a browser this does nothing, and the event loop brings the results.
        let _ = self.device.device.poll(wgpu::PollType::wait_indefinitely());
        let results = self.results(mapped, &staged, take);
        #[cfg(target_arch = "wasm32")]
        let results = match &self.device.hurry {
            // a browser checks what is done where something is submitted, be it empty
            Some(hurry) => {
                let prompt = || {
                    self.device.queue.submit([]);
                };
                hurry.through(prompt, results).await
            }
            None => results.await,
        };
        #[cfg(not(target_arch = "wasm32"))]
        let results = results.await;
        let told = match told {
            Some(told) => told.await,
            None => None,
        };
        if let Some(error) = self.device.lost(self.op).or(told) {
            return Err(error);
        }
        results?;
        let mut pool = self.device.buffers.borrow_mut();
        for (_, stage, _) in staged {
            pool.give(stage, Use::Read);
        }
        for uniform in uniforms {
            pool.give(uniform, Use::Work);
        }
        Ok(())
    }

    fn submit(
        &self,
        passes: &[Pass<'_>],
        uniforms: &[wgpu::Buffer],
        staged: &[(&wgpu::Buffer, wgpu::Buffer, u64)],
    ) {
        let Device { device, queue, .. } = self.device;
        let mut encoder = device.create_command_encoder(&Default::default());
        for (pass, uniform) in passes.iter().zip(uniforms) {
            let mut shaders = self.device.shaders.borrow_mut();
            let pipeline = shaders.pipeline(device, &pass.entry);
            let group = shaders.group(device, uniform, &pass.reads, pass.writes);
            let mut work = encoder.begin_compute_pass(&Default::default());
            work.set_pipeline(&pipeline);
            work.set_bind_group(0, &group, &[]);
            let [x, y, z] = pass.groups;
            work.dispatch_workgroups(x, y, z);
        }
        for (buffer, stage, bytes) in staged {
            encoder.copy_buffer_to_buffer(buffer, 0, stage, 0, *bytes);
        }
        queue.submit([encoder.finish()]);
    }

    async fn results(
        &self,
        mapped: Vec<Mapped>,
        staged: &[(&wgpu::Buffer, wgpu::Buffer, u64)],
        take: &mut dyn FnMut(usize, Numbers<'_>),
    ) -> Result<(), Error> {
        let gone = |found: &str| {
            self.op
                .gpu(GpuFault::DeviceLost, "a result of the device", found)
        };
        for (n, (receive, (_, stage, bytes))) in mapped.into_iter().zip(staged).enumerate() {
            (receive.await)
                .map_err(|_| gone("none"))?
                .map_err(|error| gone(&error.to_string()))?;
            let view =
                (stage.get_mapped_range(0..*bytes)).map_err(|error| gone(&error.to_string()))?;
            #[cfg(not(target_arch = "wasm32"))]
            take(n, Numbers::Ours(bytemuck::cast_slice(&view)));
            #[cfg(target_arch = "wasm32")]
            take(n, Numbers::Theirs(browser::floats(&view)));
            drop(view);
            stage.unmap();
        }
        Ok(())
    }

    /// Ends it, and keeps its buffers for later ones.
    pub fn end(mut self, buffers: impl IntoIterator<Item = wgpu::Buffer>) {
        let mut pool = self.device.buffers.borrow_mut();
        for buffer in buffers {
            pool.give(buffer, Use::Work);
        }
        self.ended = true;
    }
}

impl Drop for Job<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.device.buffers.borrow_mut().clear();
        }
    }
}

/// Between a buffer of the GPU and an array of JavaScript.
#[cfg(target_arch = "wasm32")]
mod browser {
    use js_sys::Float32Array;
    use wasm_bindgen::prelude::*;

    #[wasm_bindgen]
    extern "C" {
        type GPUQueue;
        #[wasm_bindgen(method, catch, js_name = writeBuffer)]
        fn write_buffer(
            this: &GPUQueue,
            buffer: &JsValue,
            offset: u32,
            data: &Float32Array,
        ) -> Result<(), JsValue>;
    }

    /// Fails where the browser refuses the array, as it does one in memory that can be resized.
    pub(super) fn write(
        queue: &wgpu::Queue,
        buffer: &wgpu::Buffer,
        data: &Float32Array,
    ) -> Result<(), String> {
        let (Some(queue), Some(buffer)) = (queue.as_webgpu(), buffer.as_webgpu()) else {
            return Err("a device of another kind".into());
        };
        let queue: &JsValue = queue.as_ref();
        (queue.unchecked_ref::<GPUQueue>())
            .write_buffer(buffer.as_ref(), 0, data)
            .map_err(|thrown| format!("{thrown:?}"))
    }

    /// What a mapped buffer holds, until it is unmapped.
    pub(super) fn floats(view: &wgpu::BufferView) -> Float32Array {
        let bytes = view.as_uint8array();
        let length = bytes.byte_length() / size_of::<f32>() as u32;
        Float32Array::new_with_byte_offset_and_length(&bytes.buffer(), bytes.byte_offset(), length)
    }
}
