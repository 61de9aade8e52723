//! Plain text tables and readable numbers, nothing else.

#[cfg(test)]
mod tests;

/// Lines of a table: the first column to the left, the others to the right, each as wide as needed.
/// A row shorter than the header leaves its last cells empty; a longer one is cut.
pub(crate) fn render(header: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    let mut widths: Vec<usize> = header.iter().map(|title| title.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let titles: Vec<String> = header.iter().map(|title| (*title).to_owned()).collect();
    std::iter::once(&titles).chain(rows).map(|row| line(row, &widths)).collect()
}

fn line(row: &[String], widths: &[usize]) -> String {
    let mut text = String::new();
    for (column, width) in widths.iter().enumerate() {
        let cell = row.get(column).map_or("", String::as_str);
        let padding = " ".repeat(width.saturating_sub(cell.chars().count()));
        if column == 0 {
            text.push_str(cell);
            text.push_str(&padding);
        } else {
            text.push_str("  ");
            text.push_str(&padding);
            text.push_str(cell);
        }
    }
    text.trim_end().to_owned()
}

/// `1536` as `1.5 KiB`: binary units, three significant figures at the least.
pub(crate) fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = count as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{count} B") } else { format!("{value:.1} {}", UNITS[unit]) }
}
