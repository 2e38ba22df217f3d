//! The whole model of a file with every construct, as a snapshot that changes are reviewed against.

#[test]
fn the_model_of_everything() {
    let module = callpy_signature::read(include_str!("everything.py")).unwrap();
    // Spans have tests of their own, and would bury the rest here.
    let model = format!("{module:#?}");
    let mut lines = Vec::new();
    let mut skipping = None;
    for line in model.lines() {
        let indent = line.len() - line.trim_start().len();
        match skipping {
            None if line.trim_start().contains("span: Span {") => skipping = Some(indent),
            None => lines.push(line),
            Some(from) if indent == from => skipping = None,
            Some(_) => {}
        }
    }
    insta::assert_snapshot!(lines.join("\n"));
}
