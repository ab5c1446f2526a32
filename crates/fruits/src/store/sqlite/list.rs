//! Lists: which way through the table gives a page, and the page.
//!
//! Every way is in the list's own order already, so that nothing is ever sorted and a page is read from where the
//! last one ended. A filter that the way does not answer is tried row by row, and a page ends after a bounded
//! number of rows even where few of them fit: it runs on a thread that serves other requests too.

use std::num::NonZeroUsize;

use rusqlite::{Connection, Row, params_from_iter, types::ToSqlOutput};

use super::statements;
use crate::domain::{Cursor, Folded, FruitId, Page, Selection, SortKey};

/// Rows that one page looks at, at most: about two milliseconds.
const ROWS_MAX: usize = 4096;

/// A way through the table in the order of the list, from where it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way<'a> {
    /// By the id, all rows behind this one.
    Table { behind: Option<FruitId> },
    /// By the id, rows with this folded text behind this one.
    Equal { column: Column, text: &'a str, behind: Option<FruitId> },
    /// By the folded text and then by the id, all rows behind this text.
    Sorted { column: Column, behind: Option<&'a str> },
}

/// A column that has an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Fruit,
    Color,
}

/// The next fruits of the list.
pub(super) fn page(
    connection: &Connection,
    selection: &Selection,
    after: Option<&Cursor>,
    fruits_max: NonZeroUsize,
) -> rusqlite::Result<Page> {
    let mut page = Page { fruits: Vec::new(), next: None };
    let mut looked_at = 0;
    for way in Way::of(selection, after).into_iter().flatten() {
        let mut statement = connection.prepare_cached(&way.sql(selection.descending))?;
        let mut rows = statement.query(params_from_iter(way.parameters().into_iter().flatten()))?;
        while let Some(row) = rows.next()? {
            looked_at += 1;
            if fits(row, selection)? {
                page.fruits.push(statements::fruit(row)?);
            }
            if page.fruits.len() == fruits_max.get() || looked_at == ROWS_MAX {
                page.next = Some(selection.behind(&statements::fruit(row)?));
                return Ok(page);
            }
        }
    }
    Ok(page)
}

fn fits(row: &Row<'_>, selection: &Selection) -> rusqlite::Result<bool> {
    if (&selection.fruit, &selection.color, &selection.contains) == (&None, &None, &None) {
        return Ok(true);
    }
    let text = |index| Ok::<_, rusqlite::Error>(row.get_ref(index)?.as_str()?);
    let folded = |index| Ok::<_, rusqlite::Error>(row.get_ref(index)?.as_str_or_null()?);
    let fruit = Folded::column(folded(4)?, text(1)?);
    let color = Folded::column(folded(5)?, text(2)?);
    Ok(selection.accepts(&fruit, &color))
}

impl<'a> Way<'a> {
    /// The ways that make the list, one after the other: to go on in the middle of many rows with one text, SQLite
    /// has to be asked for the rest of those first.
    fn of(selection: &'a Selection, after: Option<&'a Cursor>) -> [Option<Self>; 2] {
        let behind = after.map(|after| after.id);
        let equal = |column, folded: Option<&'a Folded>| {
            folded.map(|folded| Self::Equal { column, text: folded.as_str(), behind })
        };
        let fruit = equal(Column::Fruit, selection.fruit.as_ref());
        let color = equal(Column::Color, selection.color.as_ref());
        // Where all texts are equal, the order by them is the order by id.
        let (only, column) = match selection.sort {
            SortKey::Id => return [fruit.or(color).or(Some(Self::Table { behind })), None],
            SortKey::Fruit => (fruit, Column::Fruit),
            SortKey::Color => (color, Column::Color),
        };
        let text = after.and_then(|after| after.text.as_ref());
        match only {
            Some(only) => [Some(only), None],
            None => [equal(column, text), Some(Self::Sorted { column, behind: text.map(Folded::as_str) })],
        }
    }

    /// The same way gives the same statement, so that it is found among those that are prepared. An index that is
    /// named must be used: a way that would have to sort fails instead.
    fn sql(self, descending: bool) -> String {
        let (than, direction) = if descending { ("<", "DESC") } else { (">", "ASC") };
        let columns = "id, fruit, color, revision, fruit_folded, color_folded";
        match self {
            Self::Table { behind } => {
                let start = behind.map_or(String::new(), |_| format!("WHERE id {than} ?"));
                format!("SELECT {columns} FROM fruits {start} ORDER BY id {direction}")
            }
            Self::Equal { column, behind, .. } => {
                let (index, folded) = column.index();
                let start = behind.map_or(String::new(), |_| format!("AND id {than} ?"));
                format!(
                    "SELECT {columns} FROM fruits INDEXED BY {index} WHERE {folded} = ? {start} \
                     ORDER BY id {direction}"
                )
            }
            Self::Sorted { column, behind } => {
                let (index, folded) = column.index();
                let start = behind.map_or(format!("{folded} >= ''"), |_| format!("{folded} {than} ?"));
                format!(
                    "SELECT {columns} FROM fruits INDEXED BY {index} WHERE {start} \
                     ORDER BY {folded} {direction}, id {direction}"
                )
            }
        }
    }

    fn parameters(self) -> [Option<ToSqlOutput<'a>>; 2] {
        match self {
            Self::Table { behind } => [behind.map(|id| id.get().into()), None],
            Self::Equal { text, behind, .. } => [Some(text.into()), behind.map(|id| id.get().into())],
            Self::Sorted { behind, .. } => [behind.map(Into::into), None],
        }
    }
}

impl Column {
    /// Its index, and the column that holds its folded text.
    fn index(self) -> (&'static str, &'static str) {
        match self {
            Self::Fruit => ("fruits_by_fruit", "fruit_folded"),
            Self::Color => ("fruits_by_color", "color_folded"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::migrations, *};

    /// How SQLite goes this way.
    fn plan(connection: &Connection, sql: &str) -> Vec<String> {
        let mut explained = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        for index in 1..=explained.parameter_count() {
            explained.raw_bind_parameter(index, 1).unwrap();
        }
        let mut rows = explained.raw_query();
        let mut plan = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            plan.push(row.get(3).unwrap());
        }
        plan
    }

    #[test]
    fn every_way_seeks_to_where_it_begins_and_none_sorts() {
        let connection = migrations::model(migrations::latest()).unwrap();
        let (column, text, id) = (Column::Color, "red", FruitId::MIN);
        for (way, seek) in [
            (Way::Table { behind: None }, "SCAN fruits"),
            (Way::Table { behind: Some(id) }, "SEARCH fruits USING INTEGER PRIMARY KEY (rowid"),
            (Way::Equal { column, text, behind: None }, "INDEX fruits_by_color (color_folded=?)"),
            (
                Way::Equal { column, text, behind: Some(id) },
                "INDEX fruits_by_color (color_folded=? AND rowid",
            ),
            (Way::Sorted { column, behind: None }, "INDEX fruits_by_color (color_folded>?)"),
            (Way::Sorted { column, behind: Some(text) }, "INDEX fruits_by_color (color_folded"),
        ] {
            for descending in [false, true] {
                let plan = plan(&connection, &way.sql(descending));
                assert_eq!(plan.len(), 1, "{way:?}: {plan:?}");
                assert!(plan[0].contains(seek), "{way:?}: {plan:?}");
            }
        }
    }
}
