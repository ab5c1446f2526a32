//! Lists: which way through the table gives a page, and the page.
//!
//! Every way is in the list's own order along an index, so that nothing is ever sorted and a page is read from where
//! the last one ended. A filter that the way does not answer is tried by the server, row by row, and a page ends after
//! a bounded number of rows even where few of them fit. Between two pages nothing is held.

use std::num::NonZeroUsize;

use tokio_postgres::types::ToSql;

use super::{connection::Connection, fault::Fault, statements};
use crate::domain::{Cursor, Folded, Page, Selection, SortKey};

/// Rows that one page looks at, at most: a few milliseconds.
const ROWS_MAX: usize = 4096;

/// A way through the table in the order of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// By the id.
    Table,
    /// By the id, rows with one folded text in this column.
    Equal(Column),
    /// By the folded text of this column and then by the id.
    Sorted(Column),
}

/// A column that has an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Fruit,
    Color,
}

/// A page's statement: its text, the same for pages of one kind so that it is found among those that are prepared,
/// and what it is given.
struct Query<'a> {
    sql: String,
    parameters: Vec<Box<dyn ToSql + Send + Sync + 'a>>,
    /// Whether each row says if it fits, and if it is the last that was looked at.
    is_filtered: bool,
}

/// The next fruits of the list.
pub(super) async fn page(
    connection: &Connection,
    selection: &Selection,
    after: Option<&Cursor>,
    fruits_max: NonZeroUsize,
) -> Result<Page, Fault> {
    let fruits_max = fruits_max.get().min(ROWS_MAX);
    let query = Query::new(selection, after, fruits_max);
    let parameters: Vec<_> =
        query.parameters.iter().map(|parameter| &**parameter as &(dyn ToSql + Sync)).collect();
    let rows = connection.query(&query.sql, &parameters).await?;
    let mut page = Page { fruits: Vec::with_capacity(rows.len()), next: None };
    for row in &rows {
        let fruit = statements::fruit(row)?;
        let (fits, is_last_look) =
            if query.is_filtered { (row.try_get(4)?, row.try_get(5)?) } else { (true, false) };
        if is_last_look || fits && page.fruits.len() + 1 == fruits_max {
            page.next = Some(selection.behind(&fruit));
        }
        if fits {
            page.fruits.push(fruit);
        }
    }
    Ok(page)
}

impl Way {
    fn of(selection: &Selection) -> Self {
        // Where all texts are equal, the order by them is the order by id.
        let equal = |column: Column| column.wanted(selection).map(|_| Self::Equal(column));
        match selection.sort {
            SortKey::Id => equal(Column::Fruit).or(equal(Column::Color)).unwrap_or(Self::Table),
            SortKey::Fruit => equal(Column::Fruit).unwrap_or(Self::Sorted(Column::Fruit)),
            SortKey::Color => equal(Column::Color).unwrap_or(Self::Sorted(Column::Color)),
        }
    }
}

impl<'a> Query<'a> {
    fn new(selection: &'a Selection, after: Option<&'a Cursor>, fruits_max: usize) -> Self {
        let mut query = Self { sql: String::new(), parameters: Vec::new(), is_filtered: false };
        let way = Way::of(selection);
        let (than, direction) = if selection.descending { ("<", "DESC") } else { (">", "ASC") };
        let mut start = Vec::new();
        if let Way::Equal(column) = way
            && let Some(wanted) = column.wanted(selection)
        {
            start.push(format!("{} = {}", column.folded(), query.parameter(wanted)));
        }
        match (way, after.map(|after| (after.id.get(), after.text.as_ref()))) {
            (Way::Sorted(column), Some((id, Some(text)))) => {
                let (text, id) = (query.parameter(text.as_str()), query.parameter(id));
                start.push(format!("({}, id) {than} ({text}, {id})", column.folded()));
            }
            (Way::Table | Way::Equal(_), Some((id, _))) => {
                start.push(format!("id {than} {}", query.parameter(id)));
            }
            _ => {}
        }
        let start = if start.is_empty() { String::new() } else { format!("WHERE {}", start.join(" AND ")) };
        let order = match way {
            Way::Table | Way::Equal(_) => format!("id {direction}"),
            Way::Sorted(column) => format!("{} {direction}, id {direction}", column.folded()),
        };
        let filter = query.filter(selection, way);
        let fruits_max = query.parameter(i64::try_from(fruits_max).unwrap_or(i64::MAX));
        query.is_filtered = filter.is_some();
        query.sql = match filter {
            None => format!(
                "SELECT id, fruit, color, revision FROM fruits {start} ORDER BY {order} LIMIT {fruits_max}"
            ),
            Some(filter) => format!(
                "SELECT id, fruit, color, revision, fits, place = {ROWS_MAX} FROM (
                    SELECT *, {filter} AS fits, row_number() OVER () AS place FROM (
                        SELECT * FROM fruits {start} ORDER BY {order} LIMIT {ROWS_MAX}
                    ) AS looked_at
                ) AS tried WHERE fits OR place = {ROWS_MAX} LIMIT {fruits_max}"
            ),
        };
        query
    }

    /// What the way does not answer by itself.
    fn filter(&mut self, selection: &'a Selection, way: Way) -> Option<String> {
        let mut conditions = Vec::new();
        for column in [Column::Fruit, Column::Color] {
            if let Some(wanted) = column.wanted(selection).filter(|_| way != Way::Equal(column)) {
                conditions.push(format!("{} = {}", column.folded(), self.parameter(wanted)));
            }
        }
        if let Some(part) = &selection.contains {
            let part = self.parameter(part.as_str());
            conditions
                .push(format!("(strpos(fruit_folded, {part}) > 0 OR strpos(color_folded, {part}) > 0)"));
        }
        Some(conditions.join(" AND ")).filter(|conditions| !conditions.is_empty())
    }

    /// The parameter, as SQL has it.
    fn parameter(&mut self, value: impl ToSql + Send + Sync + 'a) -> String {
        self.parameters.push(Box::new(value));
        format!("${}", self.parameters.len())
    }
}

impl Column {
    fn folded(self) -> &'static str {
        match self {
            Self::Fruit => "fruit_folded",
            Self::Color => "color_folded",
        }
    }

    /// What the list wants this column to be.
    fn wanted(self, selection: &Selection) -> Option<&str> {
        match self {
            Self::Fruit => selection.fruit.as_ref(),
            Self::Color => selection.color.as_ref(),
        }
        .map(Folded::as_str)
    }
}
