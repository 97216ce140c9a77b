//! The device: opened, given work, and asked what went wrong.

use super::buffers::{Buffers, Use};
use super::shaders::{Entry, Shaders};
use super::{Adapter, OPERATION};
use crate::error::{Error, GpuFault, Operation};
use futures_channel::oneshot;
use std::cell::RefCell;
use std::sync::{Arc, Mutex, PoisonError};

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

/// A device with its kernels and its buffers.
pub(super) struct Device {
    device: wgpu::Device,
    queue: wgpu::Queue,
    pub adapter: Adapter,
    /// Bytes of the largest buffer that can be bound.
    pub most_bytes: usize,
    shaders: RefCell<Shaders>,
    buffers: RefCell<Buffers>,
    lost: Arc<Mutex<Option<String>>>,
}

/// What a job may run into, watched for from its first call to its last.
struct Watch(wgpu::ErrorScopeGuard, wgpu::ErrorScopeGuard);

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
        let limits = device.limits();
        let most = limits
            .max_buffer_size
            .min(limits.max_storage_buffer_binding_size);
        Ok(Device {
            shaders: RefCell::new(Shaders::new(&device)),
            buffers: RefCell::default(),
            adapter: Adapter {
                is_fallback: info.device_type == wgpu::DeviceType::Cpu,
                name: info.name,
            },
            most_bytes: usize::try_from(most).unwrap_or(usize::MAX),
            device,
            queue,
            lost,
        })
    }

    /// Ends the device; every later job fails with `device_lost`.
    pub fn close(&self) {
        self.device.destroy();
    }

    /// A buffer of so many floats that kernels read and write.
    pub fn room(&self, op: Operation, floats: usize) -> Result<wgpu::Buffer, Error> {
        let bytes = floats.saturating_mul(size_of::<f32>());
        if bytes > self.most_bytes {
            return Err(op.gpu(
                GpuFault::Unsuited,
                format!(
                    "buffers of at most {} bytes on this adapter",
                    self.most_bytes
                ),
                bytes,
            ));
        }
        Ok(self
            .buffers
            .borrow_mut()
            .take(&self.device, bytes, Use::Work))
    }

    /// A buffer with these contents.
    pub fn filled<T: bytemuck::NoUninit>(
        &self,
        op: Operation,
        data: &[T],
    ) -> Result<wgpu::Buffer, Error> {
        let bytes: &[u8] = bytemuck::cast_slice(data);
        let buffer = self.room(op, bytes.len().div_ceil(size_of::<f32>()))?;
        self.queue.write_buffer(&buffer, 0, bytes);
        Ok(buffer)
    }

    /// Gives buffers back for later jobs.
    pub fn give(&self, buffers: impl IntoIterator<Item = wgpu::Buffer>) {
        let mut pool = self.buffers.borrow_mut();
        buffers
            .into_iter()
            .for_each(|buffer| pool.give(buffer, Use::Work));
    }

    /// Does a job, and says what went wrong in it.
    pub async fn job<T>(
        &self,
        op: Operation,
        job: impl AsyncFnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        if let Some(error) = self.lost(op) {
            return Err(error);
        }
        let watch = Watch(
            self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory),
            self.device.push_error_scope(wgpu::ErrorFilter::Validation),
        );
        let result = job().await;
        let Watch(memory, validation) = watch;
        let (validation, memory) = (validation.pop(), memory.pop());
        // what there was no memory for is not valid either: that is said first
        let told = [
            (GpuFault::Memory, "memory for the job", memory.await),
            (
                GpuFault::Validation,
                "kernels that it takes",
                validation.await,
            ),
        ];
        let told = told
            .into_iter()
            .find_map(|(fault, expected, error)| Some(op.gpu(fault, expected, error?)));
        let result = match self.lost(op).or(told) {
            Some(error) => Err(error),
            None => result,
        };
        if result.is_err() {
            self.buffers.borrow_mut().clear();
        }
        result
    }

    fn lost(&self, op: Operation) -> Option<Error> {
        let lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        let found = lost.as_ref()?;
        Some(op.gpu(GpuFault::DeviceLost, "a device that is there", found))
    }

    /// Runs passes one after the other and reads the first floats of some buffers back.
    pub async fn run(
        &self,
        op: Operation,
        passes: &[Pass<'_>],
        wanted: &[(&wgpu::Buffer, usize)],
        mut take: impl FnMut(usize, &[f32]),
    ) -> Result<(), Error> {
        let mut encoder = self.device.create_command_encoder(&Default::default());
        let mut uniforms = Vec::new();
        for pass in passes {
            let uniform = self.filled(op, pass.uniform)?;
            let mut shaders = self.shaders.borrow_mut();
            let pipeline = shaders.pipeline(&self.device, &pass.entry);
            let group = shaders.group(&self.device, &uniform, &pass.reads, pass.writes);
            let mut work = encoder.begin_compute_pass(&Default::default());
            work.set_pipeline(&pipeline);
            work.set_bind_group(0, &group, &[]);
            let [x, y, z] = pass.groups;
            work.dispatch_workgroups(x, y, z);
            drop(work);
            uniforms.push(uniform);
        }
        let mut staged = Vec::new();
        for &(buffer, floats) in wanted {
            let bytes = floats * size_of::<f32>();
            let stage = (self.buffers.borrow_mut()).take(&self.device, bytes, Use::Read);
            encoder.copy_buffer_to_buffer(buffer, 0, &stage, 0, bytes as u64);
            staged.push((stage, bytes as u64));
        }
        self.queue.submit([encoder.finish()]);
        let mut mapped = Vec::new();
        for (stage, bytes) in &staged {
            let (send, receive) = oneshot::channel();
            stage.map_async(wgpu::MapMode::Read, 0..*bytes, move |result| {
                // nobody waits for it where the job was given up
                let _ = send.send(result);
            });
            mapped.push(receive);
        }
        // In a browser this does nothing, and the event loop brings the results.
        let _ = self.device.poll(wgpu::PollType::wait_indefinitely());
        for (n, (receive, (stage, bytes))) in mapped.into_iter().zip(&staged).enumerate() {
            let gone = |found: &str| op.gpu(GpuFault::DeviceLost, "a result of the device", found);
            (receive.await)
                .map_err(|_| gone("none"))?
                .map_err(|error| gone(&error.to_string()))?;
            let view =
                (stage.get_mapped_range(0..*bytes)).map_err(|error| gone(&error.to_string()))?;
            take(n, bytemuck::cast_slice(&view));
            drop(view);
            stage.unmap();
        }
        let mut pool = self.buffers.borrow_mut();
        staged
            .into_iter()
            .for_each(|(stage, _)| pool.give(stage, Use::Read));
        uniforms
            .into_iter()
            .for_each(|uniform| pool.give(uniform, Use::Work));
        Ok(())
    }
}
