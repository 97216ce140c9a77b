//! Filling the arena, cell by cell, by the rules.

use super::Stage;
use super::edit::{self, Edited};
use super::pair::SUMS;
use super::rule::Rule;
use super::walk::{Cell, SPLIT_AXES};
use std::ops::Range;

/// Copies what was given: a whole stage, or the past rows at the head of each block of its first axis.
pub(super) fn given(stage: &Stage, given: &[f32], data: &mut [f32]) {
    let cells = &mut data[stage.offset..][..stage.len()];
    let blocks = stage.shape.first().copied().unwrap_or(1).max(1);
    let (block, part) = (cells.len() / blocks, given.len() / blocks);
    if block > 0 && part > 0 {
        for (cells, given) in cells.chunks_exact_mut(block).zip(given.chunks_exact(part)) {
            cells[..part].copy_from_slice(given);
        }
    }
}

/// Computes every cell that was not given: eight sums or a row at a time where the rule can, else one by one.
pub(super) fn computed(rule: &Rule, data: &mut [f32]) {
    if let Some(last) = rule.side_by_side() {
        eights(rule, last, data);
    } else if let Some(last) = rule.in_rows() {
        let mut ranges = rule.extents().map(|extent| 0..extent);
        ranges[last] = 0..1;
        each(ranges, |cell| {
            if !rule.is_given(cell) {
                rule.row(cell, last, data);
            }
        });
    } else {
        let ranges = rule.extents().map(|extent| 0..extent);
        each(ranges, |cell| set(rule, cell, data));
    }
}

/// Cells whose sums go side by side along axis `last`, and what is left over there.
fn eights(rule: &Rule, last: usize, data: &mut [f32]) {
    let extents = rule.extents();
    let mut ranges = extents.map(|extent| 0..extent);
    let whole = extents[last] / SUMS;
    ranges[last] = 0..whole;
    each(ranges.clone(), |cell| {
        let mut cell = *cell;
        cell[last] *= SUMS;
        if !rule.is_given(&cell) {
            let sums = rule.sums(&cell, data);
            data[rule.offset(&cell)..][..SUMS].copy_from_slice(&sums);
        }
    });
    ranges[last] = whole * SUMS..extents[last];
    each(ranges, |cell| set(rule, cell, data));
}

/// Computes several stages that depend on each other from token to token.
pub(super) fn recurrence(rules: &[Rule], edits: &[Edited], data: &mut [f32]) {
    let tokens = rules
        .iter()
        .map(|rule| rule.extents()[rule.tokens()])
        .max()
        .unwrap_or(0);
    for token in 0..tokens {
        for rule in rules {
            let mut ranges = rule.extents().map(|extent| 0..extent);
            ranges[rule.tokens()] = token..token + 1;
            each(ranges, |cell| set(rule, cell, data));
            edit::apply(edits, rule.stage(), Some(token), data);
        }
    }
}

/// Hides what the mask hides; what is hidden by its place, the rule says.
pub(super) fn mask(stage: &Stage, mask: Option<&[bool]>, data: &mut [f32]) {
    let Some(mask) = mask else { return };
    for (cell, &seen) in data[stage.offset..][..stage.len()].iter_mut().zip(mask) {
        if !seen {
            *cell = f32::NEG_INFINITY;
        }
    }
}

fn set(rule: &Rule, cell: &Cell, data: &mut [f32]) {
    if !rule.is_given(cell) {
        data[rule.offset(cell)] = rule.evaluate(cell, &&*data) as f32;
    }
}

/// Visits every cell of a box in row-major order.
pub(super) fn each(ranges: [Range<usize>; SPLIT_AXES], mut visit: impl FnMut(&Cell)) {
    let [a, b, c, d] = ranges;
    for a in a {
        for b in b.clone() {
            for c in c.clone() {
                for d in d.clone() {
                    visit(&[a, b, c, d]);
                }
            }
        }
    }
}
