//! Fewer points of a long series, without losing what matters in it.

/// Fewest points that a series can be reduced to: its ends, and the two extremes between them.
pub const FEWEST: usize = 4;

/// The places of at most `most` points of a series: its first and last, and the lowest and the highest of each of equal spans of time
/// between them. So the lowest and the highest of all are always among them, and no excursion vanishes.
///
/// `points` are (time, value) in the order of time, times in any one unit; `most` is at least [`FEWEST`]. All places, ascending; every
/// point when there are not more than `most`.
///
/// Source: U. Jugel, Z. Jerzak, G. Hackenbroich, V. Markl, "M4: A Visualization-Oriented Time Series Data Aggregation", PVLDB 7(10), 2014:
/// its MinMax aggregation.
pub fn extremes(points: &[(i64, f64)], most: usize) -> Vec<usize> {
    let [first, .., last] = points else { return (0..points.len()).collect() };
    if points.len() <= most {
        return (0..points.len()).collect();
    }
    let spans = (most.max(FEWEST) - 2) / 2;
    let (begin, length) = (i128::from(first.0), i128::from(last.0) - i128::from(first.0));
    let span_of = |at: i64| match length {
        ..=0 => 0,
        _ => (((i128::from(at) - begin).max(0) * spans as i128 / length) as usize).min(spans - 1),
    };
    let mut found: Vec<Option<(usize, usize)>> = vec![None; spans];
    for (place, (at, value)) in points.iter().enumerate().take(points.len() - 1).skip(1) {
        let span = &mut found[span_of(*at)];
        let (low, high) = span.get_or_insert((place, place));
        if *value < points[*low].1 {
            *low = place;
        }
        if *value > points[*high].1 {
            *high = place;
        }
    }
    let mut kept = vec![0];
    for (low, high) in found.into_iter().flatten() {
        kept.push(low.min(high));
        if low != high {
            kept.push(low.max(high));
        }
    }
    kept.push(points.len() - 1);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Deterministic values without a pattern.
    fn noise(n: usize) -> Vec<(i64, f64)> {
        let mut state = 12_345_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state >> 33
        };
        let mut at = 0;
        (0..n)
            .map(|_| {
                at += (next() % 5_000) as i64;
                (at, (next() % 10_000) as f64 / 10.0)
            })
            .collect()
    }

    #[test]
    fn a_short_series_stays_whole() {
        assert!(extremes(&[], 4).is_empty());
        assert_eq!(extremes(&[(0, 1.0)], 4), [0]);
        assert_eq!(extremes(&noise(7), 7), [0, 1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn ends_and_extremes_stay_whatever_the_number() {
        let points = noise(2_000);
        for most in [4, 5, 6, 50, 51, 500, 1_999] {
            let kept = extremes(&points, most);
            assert!(kept.len() <= most && kept.len() > most / 4, "{} of {most}", kept.len());
            assert!(kept.is_sorted_by(|a, b| a < b));
            assert_eq!((kept[0], kept[kept.len() - 1]), (0, 1_999));
            let of = |places: &mut dyn Iterator<Item = usize>| {
                places.map(|p| points[p].1).fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(v), h.max(v)))
            };
            assert_eq!(of(&mut kept.iter().copied()), of(&mut (0..points.len())), "{most}");
        }
    }

    #[test]
    fn one_spike_in_a_flat_line_is_kept() {
        let mut points: Vec<(i64, f64)> = (0..1_000).map(|at| (at, 5.0)).collect();
        points[731].1 = 9.0;
        // Each of the four spans has a lowest; the one with the spike a highest too.
        assert_eq!(extremes(&points, 10), [0, 1, 250, 500, 731, 750, 999]);
    }

    #[test]
    fn points_of_one_instant_are_one_span() {
        let points: Vec<(i64, f64)> = (0..20).map(|v| (7, f64::from(v % 6))).collect();
        assert_eq!(extremes(&points, 6), [0, 5, 6, 19]);
    }
}
