//! Records of JSON as rows: a line for each, a list of them, or an object of columns.

use serde_json::{Map, Value};

use crate::decode::Decoded;
use crate::failure::{Result, bad_input};

/// Makes a table of a JSON file, if it is one; otherwise the text stays as it is.
pub(crate) fn decode(name: String, text: Vec<u8>) -> Result<Decoded> {
    let is_json = |name: &str| {
        let name = name.to_lowercase();
        [".json", ".jsonl", ".ndjson"].iter().any(|end| name.contains(end))
    };
    let mut values = Vec::new();
    for value in serde_json::Deserializer::from_slice(&text).into_iter::<Value>() {
        match value {
            Ok(value) => values.push(value),
            // A table may begin with a bracket.
            Err(error) if values.is_empty() && !is_json(&name) => {
                let _ = error;
                return Ok(Decoded { name, text, header: None, texts: None });
            }
            Err(error) => {
                return bad_input(format!("{name}, line {}: not JSON: {error}", error.line()));
            }
        }
    }
    let values = match <[Value; 1]>::try_from(values) {
        Ok([Value::Array(items)]) => items,
        Ok([Value::Object(object)]) => return Ok(of_object(name, object, &text)),
        Ok([other]) => vec![other],
        Err(values) => values,
    };
    table(name, values, &text)
}

/// Sorts names by their first places in the text: serde_json's objects are sorted by name, unless it has
/// a map of four crates more.
fn sort(names: &mut [String], text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    names.sort_by_cached_key(|name| text.find(&Value::from(&name[..]).to_string()));
}

/// Makes a table of rows: objects, lists, or single values.
fn table(name: String, values: Vec<Value>, text: &[u8]) -> Result<Decoded> {
    let objects = values.iter().filter(|value| value.is_object()).count();
    if objects == 0 {
        let rows = values.into_iter().map(|value| match value {
            Value::Array(cells) => cells,
            single => vec![single],
        });
        return Ok(write(name, None, rows.collect()));
    }
    if objects < values.len() {
        return bad_input(format!(
            "{name} has objects and other values; write one object for each row"
        ));
    }
    let mut names: Vec<String> = Vec::new();
    for key in values.iter().filter_map(Value::as_object).flat_map(Map::keys) {
        if !names.contains(key) {
            names.push(key.clone());
        }
    }
    sort(&mut names, text);
    let row = |value: Value| match value {
        Value::Object(mut object) => {
            names.iter().map(|name| object.remove(name).unwrap_or_default()).collect()
        }
        _ => Vec::new(),
    };
    let rows = values.into_iter().map(row).collect();
    Ok(write(name, Some(&names), rows))
}

/// Makes a table of an object: of its lists, if they are columns, else one row.
fn of_object(name: String, object: Map<String, Value>, text: &[u8]) -> Decoded {
    let mut names: Vec<String> = object.keys().cloned().collect();
    sort(&mut names, text);
    // As pandas writes a frame: columns of values by the name of their row, or in three parts.
    if let Some(Value::Array(rows)) = object.get("data")
        && let Some(Value::Array(columns)) = object.get("columns")
        && rows.iter().all(|row| row.as_array().is_some_and(|row| row.len() == columns.len()))
    {
        let shown = |name: &Value| name.as_str().map_or_else(|| name.to_string(), str::to_owned);
        let columns: Vec<String> = columns.iter().map(shown).collect();
        let rows = rows.iter().map(|row| row.as_array().cloned().unwrap_or_default());
        return write(name, Some(&columns), rows.collect());
    }
    let values = names.iter().map(|name| &object[name]);
    let by_row: Option<Vec<&Map<String, Value>>> = values.clone().map(Value::as_object).collect();
    if let Some(columns) = by_row.filter(|all| !all.is_empty() && !all[0].is_empty())
        && columns.iter().all(|one| one.keys().eq(columns[0].keys()))
    {
        let mut rows: Vec<&String> = columns[0].keys().collect();
        rows.sort_by_key(|row| row.parse::<u64>().ok());
        let row = |row: &String| columns.iter().map(|column| column[row].clone()).collect();
        return write(name, Some(&names), rows.into_iter().map(row).collect());
    }
    let columns: Option<Vec<&Vec<Value>>> = values.clone().map(Value::as_array).collect();
    let columns = columns.filter(|all| all.windows(2).all(|two| two[0].len() == two[1].len()));
    let rows = match columns.filter(|all| !all.is_empty()) {
        Some(columns) => {
            let row = |at: usize| columns.iter().map(|column| column[at].clone()).collect();
            (0..columns[0].len()).map(row).collect()
        }
        None => vec![values.cloned().collect()],
    };
    write(name, Some(&names), rows)
}

/// Writes rows as CSV.
fn write(name: String, names: Option<&[String]>, rows: Vec<Vec<Value>>) -> Decoded {
    let width =
        rows.iter().map(Vec::len).chain(names.map(<[String]>::len)).max().unwrap_or_default();
    let (mut texts, mut others) = (vec![false; width], vec![false; width]);
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    // A header stands for the line before the first record's.
    let mut write = |cells: Vec<String>| writer.write_record(cells).is_ok();
    let mut is_written = names.is_none_or(|names| write(names.to_vec()));
    for row in rows {
        let cells = row.into_iter().enumerate().map(|(column, value)| match value {
            Value::Null => String::new(),
            Value::String(text) => {
                texts[column] = true;
                text
            }
            other => {
                others[column] = true;
                other.to_string()
            }
        });
        is_written &= write(cells.collect());
    }
    debug_assert!(is_written, "memory can be written to");
    let text = writer.into_inner().unwrap_or_default();
    texts.iter_mut().zip(others).for_each(|(text, other)| *text &= !other);
    Decoded { name, text, header: Some(names.is_some()), texts: Some(texts) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Failure;

    fn csv(json: &str) -> String {
        let decoded = decode("t.json".into(), json.as_bytes().to_vec());
        String::from_utf8(decoded.unwrap_or_else(|_| panic!("{json}")).text).unwrap()
    }

    #[test]
    fn records_are_rows() {
        let table = "a,b\n1,x\n2.5,\n";
        assert_eq!(csv("{\"a\": 1, \"b\": \"x\"}\n{\"a\": 2.5}\n"), table);
        assert_eq!(csv("[{\"a\": 1, \"b\": \"x\"}, {\"a\": 2.5, \"b\": null}]"), table);
        assert_eq!(csv("{\"a\": [1, 2.5], \"b\": [\"x\", null]}"), table);
        assert_eq!(
            csv("{\"a\": {\"0\": 1, \"1\": 2.5}, \"b\": {\"0\": \"x\", \"1\": null}}"),
            table
        );
        assert_eq!(
            csv(
                "{\"columns\": [\"a\", \"b\"], \"index\": [0, 1], \"data\": [[1, \"x\"], [2.5, null]]}"
            ),
            table
        );
        let many: Vec<String> = (0..12).map(|row| format!("\"{row}\": {row}")).collect();
        let expected: String = (0..12).map(|row| format!("{row}\n")).collect();
        assert_eq!(csv(&format!("{{\"a\": {{{}}}}}", many.join(", "))), format!("a\n{expected}"));
        assert_eq!(csv("[1, 2]"), "1\n2\n");
        assert_eq!(csv("[[1, 2], [3, 4]]"), "1,2\n3,4\n");
        assert_eq!(csv("{\"z\": true, \"a\": {\"b\": [1]}}"), "z,a\ntrue,\"{\"\"b\"\":[1]}\"\n");
    }

    #[test]
    fn strings_are_text_even_if_they_look_like_numbers() {
        let json = b"{\"zip\": \"01234\", \"n\": 1}\n".to_vec();
        let decoded = decode("t".into(), json).unwrap_or_else(|_| panic!());
        assert_eq!(decoded.texts, Some(vec![true, false]));
    }

    #[test]
    fn what_is_not_json_says_so() {
        let error = |name: &str, text: &str| match decode(name.into(), text.as_bytes().to_vec()) {
            Err(Failure::Input(text)) => text,
            _ => "no error".to_owned(),
        };
        assert!(error("t.jsonl", "{\"a\": 1}\n{\"a\":\n").contains("t.jsonl, line 3: not JSON"));
        assert_eq!(error("t.csv", "[a],b\n1,2\n"), "no error");
        assert!(error("t.json", "[1, {\"a\": 2}]").contains("one object for each row"));
    }
}
