//! Records of JSON as rows: a line for each, a list of them, or an object of columns.

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::decode::{Decoded, note};
use crate::failure::{Result, bad_input};

/// Makes a table of a JSON file, if it is one; otherwise the text stays as it is.
pub(crate) fn decode(name: String, text: Vec<u8>) -> Result<Decoded> {
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
                let place = format!("{name}, line {}", error.line());
                let line = text.split(|byte| *byte == b'\n').nth(error.line().saturating_sub(1));
                let line = String::from_utf8_lossy(line.unwrap_or_default());
                let no_number = ["NaN", "Infinity"].into_iter().find(|word| line.contains(word));
                return bad_input(match no_number {
                    Some(word) => {
                        format!("{place}: {word} is not JSON; write null for a missing value")
                    }
                    None => format!("{place}: not JSON: {error}"),
                });
            }
        }
    }
    let values = match <[Value; 1]>::try_from(values) {
        Ok([Value::Array(items)]) => items,
        Ok([Value::Object(object)]) => return of_object(name, object),
        Ok([other]) => vec![other],
        Err(values) => values,
    };
    table(name, values)
}

/// Returns whether a file's name says that it is JSON, which may be compressed.
pub(crate) fn is_json(name: &str) -> bool {
    ends_with(name, &[".json", ".jsonl", ".ndjson"])
}

/// Returns whether a file's name has one of these ends, before the end of what is compressed.
fn ends_with(name: &str, ends: &[&str]) -> bool {
    let name = name.to_lowercase();
    let compressed = [".gz", ".zst"].iter().find_map(|end| name.strip_suffix(end));
    ends.iter().any(|end| compressed.unwrap_or(&name).ends_with(end))
}

/// Makes a table of rows: objects, lists, or single values.
fn table(name: String, values: Vec<Value>) -> Result<Decoded> {
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
    let mut known = HashSet::new();
    for key in values.iter().filter_map(Value::as_object).flat_map(Map::keys) {
        if known.insert(key) {
            names.push(key.clone());
        }
    }
    let row = |value: Value| match value {
        Value::Object(mut object) => names
            .iter()
            .map(|name| object.get_mut(name).map(Value::take).unwrap_or_default())
            .collect(),
        _ => Vec::new(),
    };
    let rows = values.into_iter().map(row).collect();
    Ok(write(name, Some(&names), rows))
}

/// Makes a table of an object: of its lists, if they are columns, else one row.
fn of_object(name: String, object: Map<String, Value>) -> Result<Decoded> {
    let names: Vec<String> = object.keys().cloned().collect();
    // As pandas writes a frame: columns of values by the name of their row, or in three parts.
    if let Some(Value::Array(rows)) = object.get("data")
        && let Some(Value::Array(columns)) = object.get("columns")
        && rows.iter().all(|row| row.as_array().is_some_and(|row| row.len() == columns.len()))
    {
        let shown = |name: &Value| name.as_str().map_or_else(|| name.to_string(), str::to_owned);
        let columns: Vec<String> = columns.iter().map(shown).collect();
        let rows = rows.iter().map(|row| row.as_array().cloned().unwrap_or_default());
        return Ok(write(name, Some(&columns), rows.collect()));
    }
    let values = names.iter().map(|name| &object[name]);
    let by_row: Option<Vec<&Map<String, Value>>> = values.clone().map(Value::as_object).collect();
    if let Some(columns) = by_row.filter(|all| !all.is_empty() && !all[0].is_empty())
        && columns.iter().all(|one| one.len() == columns[0].len())
        && columns.iter().all(|one| columns[0].keys().all(|row| one.contains_key(row)))
    {
        let row = |row: &String| columns.iter().map(|column| column[row].clone()).collect();
        return Ok(write(name, Some(&names), columns[0].keys().map(row).collect()));
    }
    let has_rows = |value: &Value| {
        value
            .as_array()
            .is_some_and(|items| !items.is_empty() && items.iter().all(Value::is_object))
    };
    // In a file of lines, the object is a row.
    let is_page = !ends_with(&name, &[".jsonl", ".ndjson"]);
    if let Some(list) = names.iter().find(|list| is_page && has_rows(&object[&list[..]])) {
        let is_plain = list.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && list.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let path = if is_plain { format!("jq .{list}") } else { format!("jq '.[{list:?}]'") };
        return bad_input(format!(
            "{name} has its rows in a list named {list:?}; take it out, for instance with `{path}`, or write [ ] \
             around the object if it is one row"
        ));
    }
    let columns: Option<Vec<&Vec<Value>>> = values.clone().map(Value::as_array).collect();
    let columns = columns.filter(|all| all.windows(2).all(|two| two[0].len() == two[1].len()));
    let rows = match columns.filter(|all| !all.is_empty()) {
        Some(columns) => {
            let row = |at: usize| columns.iter().map(|column| column[at].clone()).collect();
            (0..columns[0].len()).map(row).collect()
        }
        None => {
            if values.clone().any(Value::is_array) {
                note(format_args!(
                    "{name}: its object was taken for one row; if it has columns, all must be lists of the same \
                     length"
                ));
            }
            vec![values.cloned().collect()]
        }
    };
    Ok(write(name, Some(&names), rows))
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
        // In the file's order.
        assert_eq!(csv("{\"a\": {\"z\": 1, \"b\": 2}}"), "a\n1\n2\n");
        assert_eq!(csv("{\"kind\": \"v\", \"n\": 3, \"v\": 5}"), "kind,n,v\nv,3,5\n");
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
        let nan = error("t.jsonl", "{\"a\": 1}\n{\"a\": NaN}\n");
        assert_eq!(nan, "t.jsonl, line 2: NaN is not JSON; write null for a missing value");
        assert!(error("t.jsonl", "// a\n{\"a\": 1}\n").contains("t.jsonl, line 1: not JSON"));
        let wrapped = error("t.json", "{\"data\": [{\"v\": 1}, {\"v\": 2}]}");
        assert!(
            wrapped.contains("its rows in a list named \"data\"") && wrapped.contains("jq .data")
        );
        // A page of an API has numbers beside its rows.
        let page = error("t.json", "{\"count\": 2, \"my-rows\": [{\"v\": 1}, {\"v\": 2}]}");
        assert!(page.contains("jq '.[\"my-rows\"]'"), "{page}");
        let record = "{\"day\": \"2024-01-05\", \"tags\": [{\"k\": \"v\"}]}";
        for name in ["t.jsonl", "t.NDJSON.gz"] {
            assert_eq!(error(name, record), "no error", "{name}");
        }
        assert_eq!(error("t.json", &format!("[{record}]")), "no error");
    }

    #[test]
    fn a_file_is_json_by_its_end() {
        for name in ["t.json", "T.JSON", "a.jsonl", "a.ndjson.zst", "a.csv.json.gz"] {
            assert!(is_json(name), "{name}");
        }
        for name in ["a.json.csv", "x.json.d/a.csv", "json", "a.json.csv.gz", "standard input"] {
            assert!(!is_json(name), "{name}");
        }
    }
}
