//! Folders that go away.

use super::*;
use crate::broker::log::folders::{Tidied, delete, tidy};

fn with_file(folder: &Path) -> &Path {
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join("00000000000000000000.log"), "records").unwrap();
    folder
}

#[test]
fn a_deleted_folder_is_gone_and_deleting_it_again_is_no_error() {
    let data = tempfile::tempdir().unwrap();
    let long = format!("{}-12345", "x".repeat(249));
    for name in ["orders-0", &long] {
        let folder = data.path().join(name);
        delete(with_file(&folder)).unwrap();
        delete(&folder).unwrap();
    }
    assert_eq!(files(data.path(), ""), Vec::<std::path::PathBuf>::new());
}

#[test]
fn a_start_finishes_deletions_and_sets_strays_aside() {
    let data = tempfile::tempdir().unwrap();
    for name in ["orders-0", "orders-1.0-delete", "lost-2", "lost-2.0-stray", "notes", "to-delete"] {
        with_file(&data.path().join(name));
    }
    std::fs::write(data.path().join("file-3"), "mine").unwrap();
    std::fs::create_dir(data.path().join("photos-2024")).unwrap();
    let expected = Tidied {
        removed: vec![data.path().join("orders-1.0-delete")],
        stray: vec![data.path().join("lost-2.1-stray")],
    };
    assert_eq!(tidy(data.path(), |name| name == "orders-0").unwrap(), expected);
    let left = files(data.path(), "");
    let left: Vec<_> = left.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(
        left,
        ["file-3", "lost-2.0-stray", "lost-2.1-stray", "notes", "orders-0", "photos-2024", "to-delete"]
    );
    assert_eq!(tidy(data.path(), |name| name == "orders-0").unwrap(), Tidied::default());
}
