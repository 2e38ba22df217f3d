//! The README's command.

mod command;

use command::{Folder, examples};

fn outliers(more: &[&str]) -> String {
    let folder = examples();
    let target = format!("{}:detect", folder.join("outliers.py").display());
    let csv = folder.join("cpu.csv");
    let arguments = [&[&target[..], csv.to_str().unwrap()], more].concat();
    Folder::new().printed(&arguments)
}

#[test]
fn the_flagged_rows_are_printed_unchanged() {
    assert_eq!(
        outliers(&["--rows"]),
        "row,time,name,value\n\
         7,2020-04-02T09:30:07,cpu,97.3\n\
         113,2020-04-02T09:31:53,cpu,92.1\n\
         835,2020-04-02T09:43:55,cpu,93.2\n"
    );
}

#[test]
fn the_flagged_rows_as_json() {
    assert_eq!(
        outliers(&["--rows", "--json"]),
        "[{\"row\": 7, \"time\": \"2020-04-02T09:30:07\", \"name\": \"cpu\", \"value\": 97.3},\n \
         {\"row\": 113, \"time\": \"2020-04-02T09:31:53\", \"name\": \"cpu\", \"value\": 92.1},\n \
         {\"row\": 835, \"time\": \"2020-04-02T09:43:55\", \"name\": \"cpu\", \"value\": 93.2}]\n"
    );
}

#[test]
fn the_indices_alone() {
    assert_eq!(outliers(&[]), "[  7 113 835]\n");
    assert_eq!(outliers(&["--json", "--column", "3"]), "[7, 113, 835]\n");
}
