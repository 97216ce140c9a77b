/** A video, by the encoder of the browser: MP4 where it can write that, else WebM. */

import {
  BufferTarget,
  CanvasSource,
  getFirstEncodableVideoCodec,
  Mp4OutputFormat,
  Output,
  QUALITY_HIGH,
  WebMOutputFormat,
} from "mediabunny";

export interface Video {
  add(): Promise<void>;
  finish(): Promise<Blob>;
  cancel(): Promise<void>;
}

/** Undefined where this browser encodes no video of this size. */
export async function startVideo(canvas: HTMLCanvasElement, rate: number): Promise<Video | undefined> {
  const { width, height } = canvas;
  const forMp4 = await getFirstEncodableVideoCodec(["avc"], { width, height });
  const codec = forMp4 ?? (await getFirstEncodableVideoCodec(["vp9", "vp8", "av1"], { width, height }));
  if (!codec) return undefined;
  const target = new BufferTarget();
  const output = new Output({ format: forMp4 ? new Mp4OutputFormat() : new WebMOutputFormat(), target });
  const source = new CanvasSource(canvas, { codec, bitrate: QUALITY_HIGH });
  output.addVideoTrack(source, { frameRate: rate });
  await output.start();
  let frames = 0;
  return {
    add: () => source.add(frames++ / rate, 1 / rate),
    finish: async () => {
      await output.finalize();
      return new Blob([target.buffer as ArrayBuffer], { type: forMp4 ? "video/mp4" : "video/webm" });
    },
    cancel: () => output.cancel(),
  };
}
