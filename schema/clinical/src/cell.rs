//! Small numbers: a figure about fewer than eleven people is not told to who may not see those people, and neither is what it could be
//! computed from.
//!
//! Source: CMS cell size suppression policy (no cell of 1 to 10; zero may be shown).

/// From this number of people on a figure is told.
pub const FEWEST: u64 = 11;

fn is_small(people: u64) -> bool {
    (1..FEWEST).contains(&people)
}

/// The figures that may be told of groups that make up `people` together; `None` where one is held back.
///
/// Whoever knows the sum knows what is held back together, so that is never one group alone, and never fewer than eleven people: more
/// groups are held back, the smallest first, until it is so.
pub fn told(people: &[u64]) -> Vec<Option<u64>> {
    let mut held: Vec<bool> = people.iter().map(|n| is_small(*n)).collect();
    loop {
        let hidden = || people.iter().zip(&held).filter(|(_, held)| **held).map(|(n, _)| *n);
        let (count, sum) = (hidden().count(), hidden().sum::<u64>());
        if count == 0 || count > 1 && sum >= FEWEST {
            break;
        }
        let shown = people.iter().enumerate().filter(|(at, n)| !held[*at] && **n > 0);
        let Some(smallest) = shown.min_by_key(|(_, n)| **n).map(|(at, _)| at) else {
            // Nothing is left to hide behind but the sum, which is then small itself and not told.
            break;
        };
        held[smallest] = true;
    }
    people.iter().zip(held).map(|(n, held)| (!held).then_some(*n)).collect()
}

/// A figure on its own.
pub fn alone(people: u64) -> Option<u64> {
    (!is_small(people)).then_some(people)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_back_cannot_be_computed() {
        for (people, expected) in [
            (&[20, 30][..], &[Some(20), Some(30)][..]),
            (&[0, 30], &[Some(0), Some(30)]),
            (&[10, 11], &[None, None]),
            (&[3, 40, 12], &[None, Some(40), None]),
            (&[3, 9, 40], &[None, None, Some(40)]),
            (&[1, 1, 40, 50], &[None, None, None, Some(50)]),
            (&[3], &[None]),
            (&[11], &[Some(11)]),
            (&[], &[]),
        ] {
            assert_eq!(told(people), expected, "{people:?}");
        }
        assert_eq!([0, 1, 10, 11].map(alone), [Some(0), None, None, Some(11)]);
    }

    /// Every partition of small numbers: what is missing from the sum is never one group, and never few people.
    #[test]
    fn no_sum_gives_a_small_figure_away() {
        let values = [0, 1, 5, 10, 11, 12, 40];
        for a in values {
            for b in values {
                for c in values {
                    let people = [a, b, c];
                    let told = told(&people);
                    let sum: u64 = people.iter().sum();
                    if is_small(sum) {
                        continue;
                    }
                    let hidden: Vec<u64> =
                        people.iter().zip(&told).filter(|(_, t)| t.is_none()).map(|(n, _)| *n).collect();
                    let safe = hidden.is_empty() || hidden.len() > 1 && hidden.iter().sum::<u64>() >= FEWEST;
                    assert!(safe || told.iter().all(|t| t.is_none_or(|n| n == 0)), "{people:?} {told:?}");
                    assert!(told.iter().flatten().all(|n| !is_small(*n)));
                }
            }
        }
    }
}
