//! Classes of attrs and models of pydantic: made by their own constructors, whose errors name the field,
//! and read back.

use callpy::{ErrorKind, Result};

use super::{Check, same};

callpy::module!(mod attrs_values = "examples/packages/attrs_values.py");
callpy::module!(mod pydantic_values = "examples/packages/pydantic_values.py");

use attrs_values::{Cluster, Point, Server};
use pydantic_values::{Item, Kind, KindLevel, Order, OrderCode, Range, Tree};

fn server() -> Server {
    Server { tags: vec!["web".into()], place: Some(Point::new(1.5)), ..Server::new("a".into()) }
}

fn order() -> Order {
    let item = Item { count: 3, ..Item::new("pen".into(), 0.5) };
    Order {
        note: Some("now".into()),
        extra: [("a".to_owned(), 1)].into(),
        ..Order::new(7, vec![item], Kind::new())
    }
}

/// Checks that a call fails in Python with an error of a class, and that the error names the field.
fn refused<T: std::fmt::Debug>(result: Result<T>, class: &str, field: &str) {
    let error = result.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Python(_)), "{error}");
    let text = error.to_string();
    assert!(text.contains(class) && text.contains(field), "{text}");
}

pub(super) const CHECKS: &[(&str, &str, Check)] = &[
    ("attrs", "a class is made by its constructor, and read", |_| {
        let server = Server { _secret: "key".into(), calls: 2, ..server() };
        same(attrs_values::told(&server)?, "a:80 ['web'] key 2 Point(x=1.5, y=0.0)".to_owned());
        same(attrs_values::same(&server)?, server.clone());
        same(
            attrs_values::moved(&[Point::new(1.0), Point { x: 2.0, y: 3.0 }], 0.5)?,
            vec![Point { x: 1.5, y: 0.0 }, Point { x: 2.5, y: 3.0 }],
        );
        same(server.address()?, "a:80".to_owned());
        Ok(())
    }),
    ("attrs", "classes in classes", |_| {
        let parent = Cluster { servers: vec![], ..Cluster::new("p".into(), vec![], server()) };
        let cluster = Cluster {
            parent: Some(Box::new(parent)),
            ..Cluster::new("c".into(), vec![server()], server())
        };
        let read = attrs_values::same_cluster(&cluster)?;
        // The converter has run.
        same((read.name, read.parent.unwrap().name), ("C".to_owned(), "P".to_owned()));
        same((read.servers, read.main), (cluster.servers, cluster.main));
        Ok(())
    }),
    ("attrs", "what a validator refuses names the field", |_| {
        let far = Server { port: 70_000, ..server() };
        refused(attrs_values::same(&far), "ValueError", "'port' must be <= 65535");
        let bare = Server { host: String::new(), ..server() };
        refused(attrs_values::same(&bare), "ValueError", "'host'");
        refused(attrs_values::with_port(&server(), 70_000), "ValueError", "'port'");
        let bad = Cluster { main: bare, ..Cluster::new("c".into(), vec![], server()) };
        refused(attrs_values::same_cluster(&bad), "ValueError", "'host'");
        Ok(())
    }),
    ("pydantic", "a model is made by its constructor, and read", |_| {
        let order = order();
        same(pydantic_values::total(&order)?, 1.5);
        let read = pydantic_values::same(&order)?;
        same((read.number, &read.items, &read.kind), (7, &order.items, &order.kind));
        same((read.note, read.extra), (order.note, order.extra));
        assert!(matches!(read.code, OrderCode::Int(0)));
        let coded = Order { code: OrderCode::Str("x".into()), ..super::models::order() };
        let OrderCode::Str(code) = pydantic_values::same(&coded)?.code else { panic!() };
        same(code, "x".to_owned());
        same(pydantic_values::cheapest(&[])?, None);
        let cheap = Item::new("b".into(), 1.0);
        let found = pydantic_values::cheapest(&[Item::new("a".into(), 2.0), cheap.clone()])?;
        same(found, Some(cheap));
        Ok(())
    }),
    ("pydantic", "models in models", |_| {
        let leaf = Tree::new;
        let tree = Tree {
            children: vec![leaf(2), Tree { children: vec![leaf(3)], ..leaf(4) }],
            ..leaf(1)
        };
        same(pydantic_values::depth(&tree)?, 3);
        same(pydantic_values::same_tree(&tree)?, tree);
        Ok(())
    }),
    ("pydantic", "what validation refuses names the field", |_| {
        let item = Item { price: -1.0, ..Item::new("a".into(), 1.0) };
        let bad = Order { items: vec![item.clone()], ..order() };
        refused(pydantic_values::total(&bad), "ValidationError", "price");
        let none = Item { count: 0, ..Item::new("a".into(), 1.0) };
        refused(pydantic_values::cheapest(&[none]), "ValidationError", "count");
        let empty = Order { items: vec![], ..order() };
        refused(pydantic_values::total(&empty), "ValidationError", "an order has items");
        refused(pydantic_values::total(&empty), "ValidationError", "items");
        let heavy = Kind { level: KindLevel::High, weight: 2.0 };
        refused(
            pydantic_values::same(&Order { kind: heavy, ..order() }),
            "ValidationError",
            "weight",
        );
        let range = Range { low: 2, high: 1 };
        refused(pydantic_values::same_range(&range), "ValidationError", "low is above high");
        Ok(())
    }),
];
