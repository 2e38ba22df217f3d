//! .npy files: every dtype as NumPy reads it, and what is wrong with the others.

mod command;

use command::Folder;

const FUNCTIONS: &str = r#"
def show(data):
    return data.dtype.str, data.shape, data.tolist(), data.flags.writeable

def make():
    dtypes = "? i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8 >i4 >f8 c16 M8[s]".split()
    for number, dtype in enumerate(dtypes):
        array = np.arange(6).astype(dtype)
        np.save("a%d.npy" % number, array)
        np.save("b%d.npy" % number, array.reshape(3, 2))
        np.save("c%d.npy" % number, np.asfortranarray(array.reshape(3, 2)))
    np.save("three.npy", np.zeros((2, 2, 2)))
    np.save("single.npy", np.float64(3))
    np.save("empty.npy", np.zeros(0))
    np.save("objects.npy", np.array([None, 1]), allow_pickle=True)
    with open("long.npy", "wb") as file:
        np.lib.format.write_array(file, np.arange(3.0), version=(2, 0))
    with open("cut.npy", "wb") as file:
        file.write(open("a11.npy", "rb").read()[:-1])
    with open("header.npy", "wb") as file:
        file.write(open("a11.npy", "rb").read()[:60])
    with open("huge.npy", "wb") as file:
        file.write(b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + b"(" * 5000)
    with open("negative.npy", "wb") as file:
        file.write(open("a11.npy", "rb").read().replace(b"(6,), ", b"(-6,),"))
    with open("garbled.npy", "wb") as file:
        file.write(open("a11.npy", "rb").read().replace(b"(6,)", b"(6,,"))
    with open("magic.npy", "wb") as file:
        file.write(b"NUMPY 1,2")
    np.savez("many.npz", a=np.arange(3))
    return len(dtypes)

def compare(data, path):
    expected = np.load(path)
    base = data
    while isinstance(base.base, np.ndarray):
        base = base.base
    same = data.dtype == expected.dtype and np.array_equal(data, expected)
    # Whose memory it is: the file's, so nothing was read into a copy.
    maps = open("/proc/self/maps").read().splitlines() if __import__("os").path.exists("/proc") else []
    address = base.__array_interface__["data"][0]
    for line in maps:
        low, high = (int(end, 16) for end in line.split()[0].split("-"))
        if low <= address < high:
            return same, line.endswith(path)
    return same, True

def column(data):
    return data.strides[0] > data.itemsize, data.tolist()

def biggest(data):
    return data.reshape(len(data), -1).max(axis=1).argmax()

def listed(values: "list[float]"):
    return values

def change(data):
    data[0] = 1
"#;

fn folder() -> (Folder, usize) {
    let folder = Folder::with(FUNCTIONS);
    let count = folder.printed(&["f.py:make"]).trim().parse().unwrap();
    (folder, count)
}

#[test]
fn every_dtype_and_order_as_numpy_reads_it_from_the_files_own_pages() {
    let (folder, count) = folder();
    assert!(count > 10);
    let every = (0..count).map(|number| format!("a{number}.npy"));
    let tables = ["b0", "b11", "b12", "c4", "c11", "c13"].map(|name| format!("{name}.npy"));
    for name in every.chain(tables).chain(["long.npy".to_owned()]) {
        let path = format!("path={name}");
        let text = folder.printed(&["f.py:compare", &name, "--arg", &path]);
        assert_eq!(text, "(True, True)\n", "{name}");
    }
}

#[test]
fn shapes() {
    let (folder, _) = folder();
    let text = folder.printed(&["f.py:show", "b11.npy"]);
    assert_eq!(text, "('<f8', (3, 2), [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]], False)\n");
    assert!(folder.printed(&["f.py:show", "three.npy"]).contains("(2, 2, 2)"));
    assert!(folder.printed(&["f.py:show", "empty.npy"]).contains("(0,), []"));
    assert_eq!(folder.printed(&["f.py:listed", "a11.npy"]), "[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]\n");
    folder.run(&["f.py:show", "single.npy"]).failed(2, &["single.npy: it contains a single value"]);
}

#[test]
fn a_column_is_a_view() {
    let (folder, _) = folder();
    let text = folder.printed(&["f.py:column", "b11.npy", "--column", "data=2"]);
    assert_eq!(text, "(True, [1.0, 3.0, 5.0])\n");
    let text = folder.run(&["f.py:column", "b11.npy", "-c", "3"]);
    text.failed(2, &["b11.npy: there is no column 3; it has the columns 1 to 2"]);
    folder.run(&["f.py:column", "b11.npy", "-c", "value"]).failed(2, &["are numbered, from 1"]);
    folder.run(&["f.py:column", "three.npy", "-c", "1"]).failed(2, &["3 axes has no columns"]);
}

#[test]
fn rows_of_an_array() {
    let (folder, _) = folder();
    assert_eq!(folder.printed(&["f.py:biggest", "a11.npy", "--rows"]), "5,5.0\n");
    assert_eq!(folder.printed(&["f.py:biggest", "b4.npy", "--rows"]), "2,4,5\n");
    let json = folder.printed(&["f.py:biggest", "b4.npy", "--rows", "--json"]);
    assert_eq!(json, "[{\"row\": 2, \"1\": 4, \"2\": 5}]\n");
}

#[test]
fn from_a_pipe_too() {
    let (folder, _) = folder();
    let bytes = std::fs::read(folder.path().join("a4.npy")).unwrap();
    let text = folder.pipe(&["f.py:show", "-"], &bytes).printed();
    assert!(text.contains("[0, 1, 2, 3, 4, 5]"), "{text}");
    let text = folder.pipe(&["f.py:show"], &bytes[..100]);
    text.failed(2, &["standard input: its header can't be read"]);
}

#[test]
fn the_arrays_of_an_archive_are_its_columns() {
    let folder = Folder::with(
        "def save():\n    np.savez('two.npz', x=[1.0, 2.0], y=[[3, 4]])\n    \
         np.savez_compressed('one.npz', [5, 6])\n\n\
         def show(data):\n    return data.tolist()\n\n\
         def both(y, x):\n    return y.tolist(), x.tolist()\n",
    );
    folder.printed(&["f.py:save"]);
    assert_eq!(folder.printed(&["f.py:show", "one.npz"]), "[5, 6]\n");
    assert_eq!(folder.printed(&["f.py:both", "two.npz"]), "([[3, 4]], [1.0, 2.0])\n");
    assert_eq!(folder.printed(&["f.py:show", "two.npz", "-c", "data=y"]), "[[3, 4]]\n");
    folder.run(&["f.py:show", "two.npz"]).failed(2, &["choose with --column: x, y"]);
    folder.run(&["f.py:show", "two.npz", "-c", "z"]).failed(2, &["no array \"z\"", "x, y"]);
    let bytes = std::fs::read(folder.path().join("two.npz")).unwrap();
    let cut = folder.pipe(&["f.py:show", "-c", "x"], &bytes[..bytes.len() - 30]);
    cut.failed(2, &["incomplete or broken"]);
}

#[test]
fn unreadable_files_say_why() {
    let (folder, _) = folder();
    let fails = |name: &str, words: &[&str]| folder.run(&["f.py:show", name]).failed(2, words);
    fails("cut.npy", &["it is incomplete", "48 bytes", "only 47"]);
    fails("header.npy", &["header can't be read"]);
    fails("huge.npy", &["header can't be read"]);
    fails("negative.npy", &["header can't be read", "negative"]);
    fails("garbled.npy", &["header can't be read"]);
    fails("objects.npy", &["pickled"]);
    fails("magic.npy", &["is not a .npy file"]);
    let text = folder.run(&["f.py:change", "a11.npy"]);
    text.failed(1, &["ValueError: assignment destination is read-only"]);
}
