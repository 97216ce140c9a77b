//! Images of the training data, altered: moved, turned, and drawn again as if by another hand with another pen.

use super::strokes::rasterise;
use crate::draw::Draw;

/// 8 x 8 ink, 0 to 16.
pub type Image = [f32; 64];

/// The ink between the pixels, bilinear; none outside. Pixel centres lie at halves.
fn ink(image: &Image, x: f64, y: f64) -> f64 {
    let (left, top) = ((x - 0.5).floor(), (y - 0.5).floor());
    let (right_part, low_part) = (x - 0.5 - left, y - 0.5 - top);
    let at = |column: f64, row: f64| {
        let inside = (0.0..8.0).contains(&column) && (0.0..8.0).contains(&row);
        if inside {
            f64::from(image[row as usize * 8 + column as usize])
        } else {
            0.0
        }
    };
    let above = at(left, top) * (1.0 - right_part) + at(left + 1.0, top) * right_part;
    let below = at(left, top + 1.0) * (1.0 - right_part) + at(left + 1.0, top + 1.0) * right_part;
    above * (1.0 - low_part) + below * low_part
}

/// A map of the plane around the middle of the image, from the new place to the old one.
struct Turn([f64; 4]);

impl Turn {
    /// Turned by up to `degrees`, scaled and slanted by up to these shares.
    fn new(draw: &mut Draw, degrees: f64, scale: f64, slant: f64) -> Self {
        let (sin, cos) = draw.between(-degrees, degrees).to_radians().sin_cos();
        let (x, y) = (
            draw.between(-scale, scale).exp(),
            draw.between(-scale, scale).exp(),
        );
        let slant = draw.between(-slant, slant);
        Self([
            cos * x,
            (cos * slant - sin) * y,
            sin * x,
            (sin * slant + cos) * y,
        ])
    }

    fn from(&self, x: f64, y: f64) -> (f64, f64) {
        let (x, y) = (x - 4.0, y - 4.0);
        (
            self.0[0] * x + self.0[1] * y + 4.0,
            self.0[2] * x + self.0[3] * y + 4.0,
        )
    }
}

/// A quarter moved by at most a pixel, a quarter turned with thinner or thicker ink, half drawn again.
pub fn altered(draw: &mut Draw, image: &Image) -> Image {
    match draw.below(4) {
        0 => moved(draw, image),
        1 => turned(draw, image),
        _ => redrawn(draw, image),
    }
}

fn moved(draw: &mut Draw, image: &Image) -> Image {
    let (right, down) = (draw.below(3) as f64 - 1.0, draw.below(3) as f64 - 1.0);
    each_pixel(|x, y| ink(image, x - right, y - down))
}

fn turned(draw: &mut Draw, image: &Image) -> Image {
    let turn = Turn::new(draw, 15.0, 0.15, 0.15);
    let (right, down) = (draw.between(-0.7, 0.7), draw.between(-0.7, 0.7));
    let power = draw.between(-0.9, 0.9).exp();
    each_pixel(|x, y| {
        let (x, y) = turn.from(x - right, y - down);
        16.0 * (ink(image, x, y) / 16.0).powf(power)
    })
}

fn each_pixel(value: impl Fn(f64, f64) -> f64) -> Image {
    std::array::from_fn(|at| value((at % 8) as f64 + 0.5, (at / 8) as f64 + 0.5) as f32)
}

/// A drawing with its points moved, turned and slanted, by another pen.
pub fn drawn_again(draw: &mut Draw, strokes: &[Vec<[f64; 2]>]) -> Image {
    let points = || strokes.iter().flatten();
    let highest = points()
        .map(|point| point[1])
        .fold(f64::NEG_INFINITY, f64::max);
    let height = highest - points().map(|point| point[1]).fold(f64::INFINITY, f64::min);
    let turn = Turn::new(draw, 12.0, 0.2, 0.25);
    let pen = draw.between(1.6, 3.2);
    let shake = 0.03 * height;
    let moved: Vec<Vec<[f64; 2]>> = strokes
        .iter()
        .map(|stroke| {
            let point = |&[x, y]: &[f64; 2]| {
                let (x, y) = turn.from(x + shake * draw.normal(), y + shake * draw.normal());
                [x, y]
            };
            stroke.iter().map(point).collect()
        })
        .collect();
    rasterise(&moved, pen).map(f32::from)
}

/// Cells along a side of the sheet on which an image is drawn again; 4 to a pixel, with a margin of 2 pixels.
const SHEET: usize = 48;

/// Ink or paper in each cell of the sheet.
type Sheet = Vec<bool>;

/// Turned and slanted, thickened or thinned, cropped, scaled to the full height and put into the middle, as a drawing is.
pub fn redrawn(draw: &mut Draw, image: &Image) -> Image {
    let turn = Turn::new(draw, 12.0, 0.2, 0.25);
    let threshold = 16.0 * draw.between(0.3, 0.55);
    let thicker = draw.between(-1.0, 2.0);
    let place = |cell: usize| (cell as f64 + 0.5) / 4.0 - 2.0;
    let sheet = (0..SHEET * SHEET)
        .map(|at| {
            let (x, y) = turn.from(place(at % SHEET), place(at / SHEET));
            ink(image, x, y) > threshold
        })
        .collect();
    let sheet = thickened(&sheet, thicker);
    // a stroke that was thinned away tells nothing
    fitted(&sheet).unwrap_or(*image)
}

/// Every cell within a radius of ink becomes ink; below zero, every cell within it of paper becomes paper.
fn thickened(sheet: &Sheet, radius: f64) -> Sheet {
    let grow = radius > 0.0;
    let reach = radius.abs().floor() as isize;
    let near: Vec<(isize, isize)> = (-reach..=reach)
        .flat_map(|down| (-reach..=reach).map(move |right| (right, down)))
        .filter(|&(right, down)| ((right * right + down * down) as f64).sqrt() <= radius.abs())
        .collect();
    let side = SHEET as isize;
    (0..side * side)
        .map(|at| {
            let hit = near.iter().any(|&(right, down)| {
                let (x, y) = (at % side + right, at / side + down);
                let inside = (0..side).contains(&x) && (0..side).contains(&y);
                (inside && sheet[(y * side + x) as usize]) == grow
            });
            hit == grow
        })
        .collect()
}

/// Cropped to the ink, scaled to 32 rows, squeezed to 26 columns if it is wider, in the middle; then counted by 4 x 4.
fn fitted(sheet: &Sheet) -> Option<Image> {
    let rows: Vec<usize> = (0..SHEET)
        .filter(|row| sheet[row * SHEET..][..SHEET].contains(&true))
        .collect();
    let columns: Vec<usize> = (0..SHEET)
        .filter(|&x| (0..SHEET).any(|y| sheet[y * SHEET + x]))
        .collect();
    let (&top, &bottom, &left, &right) = (
        rows.first()?,
        rows.last()?,
        columns.first()?,
        columns.last()?,
    );
    let (height, width) = ((bottom + 1 - top) as f64, (right + 1 - left) as f64);
    let scale_y = 32.0 / height;
    let scale_x = scale_y.min(26.0 / width);
    let mut image = [0.0; 64];
    for y in 0..32 {
        for x in 0..32 {
            let from_y = top as f64 + (y as f64 + 0.5) / scale_y;
            let from_x = left as f64 + width / 2.0 + (x as f64 + 0.5 - 16.0) / scale_x;
            let inside = (0.0..SHEET as f64).contains(&from_x);
            if inside && sheet[from_y as usize * SHEET + from_x as usize] {
                image[y / 4 * 8 + x / 4] += 1.0;
            }
        }
    }
    Some(image)
}
