//! How the server goes through a list: along an index, from where the page begins, and nothing is sorted. And what a
//! list lacks that is not kept here alone.

use std::num::NonZeroUsize;

use fruits::domain::{Folded, Selection, SortKey};
use http::{Method, StatusCode, header};

use crate::support::{Database, ask, cluster::Cluster, get, post, routes, send};

/// The server writes each plan that it follows into its log.
const EXPLAINED: &[&str] = &[
    "-c",
    "session_preload_libraries=auto_explain",
    "-c",
    "auto_explain.log_min_duration=0",
    "-c",
    "log_min_messages=log",
];

/// Also in a catalogue so small that sorting it would be faster, and with the plans that a statement gets when it has
/// been prepared for long.
#[tokio::test]
async fn no_page_is_sorted() {
    let cluster = Cluster::start(EXPLAINED);
    for fruits in [12, 2000] {
        let database = Database::on(&cluster);
        database.fill(fruits);
        database.execute(
            "UPDATE fruits SET color = 'blue', color_folded = 'blue' WHERE id % 2 = 0; ANALYZE fruits",
        );
        let store = database.open();
        let wanted = [None, Some(Folded::new("blue"))];
        let mut lists = 0;
        for sort in [SortKey::Id, SortKey::Fruit, SortKey::Color] {
            for descending in [false, true] {
                for color in &wanted {
                    for contains in [None, Some(Folded::new("FRUIT 1"))] {
                        let selection =
                            Selection { fruit: None, color: color.clone(), contains, sort, descending };
                        let page = NonZeroUsize::new(usize::try_from(fruits).unwrap() / 9).unwrap();
                        let mut after = None;
                        for _ in 0..9 {
                            after = store.page(&selection, after.as_ref(), page).await.unwrap().next;
                            if after.is_none() {
                                break;
                            }
                        }
                        lists += 1;
                    }
                }
            }
        }
        assert_eq!(lists, 24);
    }
    let log = cluster.log();
    let plans =
        log.split("Query Text: ").filter(|plan| plan.starts_with("SELECT id, fruit, color, revision"));
    let mut count = 0;
    for plan in plans {
        let plan = plan.split(" LOG: ").next().unwrap_or(plan);
        count += 1;
        assert!(plan.contains("Index Scan"), "{plan}");
        for step in ["Sort", "Seq Scan", "Bitmap"] {
            assert!(!plan.contains(step), "{plan}");
        }
    }
    assert!(count > 150, "{count} plans were seen");
}

/// Other servers change it unseen, so nobody is told that what it has is still true.
#[tokio::test]
async fn a_list_has_no_tag_and_is_always_sent() {
    let database = Database::new();
    let router = routes(database.open());
    assert_eq!(ask(&router, post(r#"{"fruit":"apple","color":"red"}"#)).await.status, StatusCode::CREATED);
    for path in ["/fruits", "/fruits?q=a", "/fruits?limit=1"] {
        let list = ask(&router, get(path)).await;
        assert_eq!((list.status, list.header(header::ETAG)), (StatusCode::OK, None), "{path}");
        for seen in ["*", "W/\"1-1\"", "\"1\""] {
            let again = send(Method::GET, path, &[(header::IF_NONE_MATCH, seen)], "");
            let again = ask(&router, again).await;
            assert_eq!((again.status, again.body), (StatusCode::OK, list.body.clone()), "{path} {seen}");
        }
    }
}
