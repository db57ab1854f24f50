//! What was there already when a subscription became active, and is not told therefore.

/// The snapshot of that moment, as PostgreSQL writes a `pg_snapshot`: `xmin:xmax:xip,xip…`. A horizon alone would not do: any transaction
/// of the cluster that is slow holds it back, and what was committed meanwhile would be told as if it were new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Since {
    xmin: i64,
    xmax: i64,
    /// Transactions of `[xmin, xmax)` that were under way.
    under_way: Vec<i64>,
}

impl Since {
    pub fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let (xmin, xmax, list) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?);
        let under_way = list.split(',').filter(|x| !x.is_empty()).map(|x| x.parse().ok()).collect::<Option<_>>()?;
        parts.next().is_none().then_some(Self { xmin, xmax, under_way })
    }

    /// Whether what that transaction did was there already.
    pub fn sees(&self, xact: i64) -> bool {
        xact < self.xmin || (xact < self.xmax && !self.under_way.contains(&xact))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_under_way_is_new() {
        let since = Since::read("10:20:10,14,15").unwrap();
        let seen: Vec<i64> = (8..23).filter(|x| since.sees(*x)).collect();
        assert_eq!(seen, [8, 9, 11, 12, 13, 16, 17, 18, 19]);
        assert_eq!(Since::read("10:10:").unwrap(), Since { xmin: 10, xmax: 10, under_way: vec![] });
        for text in ["", "10", "10:20", "10:20:x", "10:20:1:2", "a:20:"] {
            assert_eq!(Since::read(text), None, "{text}");
        }
    }
}
