//! How much of something long is handed on at once, so that what comes beside it need not wait.

/// How many of the first items make one portion: at most so many items and so many bytes, and always one.
pub fn portion<T>(items: &[T], (most, bytes): (usize, usize), size: impl Fn(&T) -> usize) -> usize {
    let mut sum = 0;
    let fits = |item: &&T| {
        sum += size(item);
        sum <= bytes
    };
    items.iter().take(most).take_while(fits).count().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_portion_is_bounded_in_items_and_bytes_and_never_empty() {
        let sizes = |items: &[usize], limits| portion(items, limits, |size| *size);
        assert_eq!(sizes(&[1, 1, 1, 1], (3, 100)), 3);
        assert_eq!(sizes(&[4, 4, 4], (10, 8)), 2);
        assert_eq!(sizes(&[50, 1], (10, 8)), 1, "one that is too large goes alone");
    }
}
