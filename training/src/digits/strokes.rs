//! From the strokes of a pointer to the 8 x 8 image that the model reads. The page does the very same.

/// Cells of the fine grid along a side: each of the 8 x 8 pixels counts the ink of 4 x 4 cells, as those of the training
/// data do.
const FINE: usize = 32;
/// The radius of the pen, in cells: with it, drawings have as much ink as the training data, 4.9 of 16 on average.
pub const PEN: f64 = 2.4;
/// The widest ink, in cells: the first and last column of the training data are empty.
const WIDEST: f64 = 26.0;
/// A line that lies is not stretched to a wall: no scale is larger than if the height were this share of the width.
const FLATTEST: f64 = 0.25;

/// The ink, 0 to 16, of 8 x 8 pixels row by row.
///
/// The box around all points is scaled so that the ink fills the 32 rows of the fine grid, then squeezed in x, if it is
/// wider than 26 cells, and put into the middle. A cell has ink if its centre is no further than `pen` cells, [`PEN`] for readers, from a
/// stroke; a stroke of one point is a dot. Without any point there is no ink.
///
/// # Shapes
/// stroke, point, (x, y downwards) -> row, column
#[must_use]
pub fn rasterise(strokes: &[Vec<[f64; 2]>], pen: f64) -> [u8; 64] {
    let mut image = [0; 64];
    let points = || strokes.iter().flatten();
    let range = |axis: usize| {
        let low = points()
            .map(|point| point[axis])
            .fold(f64::INFINITY, f64::min);
        let high = points()
            .map(|point| point[axis])
            .fold(f64::NEG_INFINITY, f64::max);
        (high - low, (high + low) / 2.0)
    };
    let ((width, middle_x), (height, middle_y)) = (range(0), range(1));
    let fine = FINE as f64;
    let extent = height.max(width * FLATTEST);
    let scale_y = if extent > 0.0 {
        (fine - 2.0 * pen) / extent
    } else {
        0.0
    };
    let scale_x = if width > 0.0 {
        scale_y.min((WIDEST - 2.0 * pen) / width)
    } else {
        scale_y
    };
    let place = |point: &[f64; 2]| {
        [
            (point[0] - middle_x) * scale_x + fine / 2.0,
            (point[1] - middle_y) * scale_y + fine / 2.0,
        ]
    };
    let placed: Vec<Vec<[f64; 2]>> = strokes
        .iter()
        .map(|stroke| stroke.iter().map(place).collect())
        .collect();
    for row in 0..FINE {
        for column in 0..FINE {
            let cell = [column as f64 + 0.5, row as f64 + 0.5];
            let inked = placed.iter().any(|stroke| {
                let ends = stroke.iter().skip(1).chain(stroke.last());
                stroke
                    .iter()
                    .zip(ends)
                    .any(|(&from, &to)| distance(cell, from, to) <= pen)
            });
            image[row / 4 * 8 + column / 4] += u8::from(inked);
        }
    }
    image
}

/// From a point to the nearest point of a line between two others.
fn distance(point: [f64; 2], from: [f64; 2], to: [f64; 2]) -> f64 {
    let (along, away) = (
        [to[0] - from[0], to[1] - from[1]],
        [point[0] - from[0], point[1] - from[1]],
    );
    let length = along[0] * along[0] + along[1] * along[1];
    let part = if length > 0.0 {
        ((away[0] * along[0] + away[1] * along[1]) / length).clamp(0.0, 1.0)
    } else {
        0.0
    };
    (away[0] - part * along[0]).hypot(away[1] - part * along[1])
}

#[cfg(test)]
mod tests {
    use super::{PEN, rasterise};

    #[test]
    fn a_vertical_line_fills_the_height_in_the_middle() {
        let image = rasterise(&[vec![[7.0, 3.0], [7.0, 90.0]]], PEN);
        for row in image.chunks(8).skip(1).take(6) {
            assert_eq!(row, [0, 0, 0, 8, 8, 0, 0, 0]);
        }
        assert!(image[3] > 4 && image[60] > 4, "{image:?}");
    }

    #[test]
    fn neither_place_nor_size_changes_the_image() {
        let small = vec![vec![[0.0, 0.0], [6.0, 1.0], [2.0, 10.0]]];
        let large = vec![vec![[100.0, 40.0], [124.0, 44.0], [108.0, 80.0]]];
        assert_eq!(rasterise(&small, PEN), rasterise(&large, PEN));
    }

    #[test]
    fn dots_lying_lines_and_nothing_are_images_too() {
        assert_eq!(rasterise(&[], PEN), [0; 64]);
        let dot = rasterise(&[vec![[5.0, 5.0]]], PEN);
        assert_eq!(dot.iter().map(|&ink| u32::from(ink)).sum::<u32>(), 16);
        let line = rasterise(&[vec![[0.0, 5.0], [100.0, 5.0]]], PEN);
        assert_eq!(line[24 + 3], 8);
        assert_eq!(line[..24], [0; 24]);
    }
}
