//! `callpy man`: manual pages.

use std::fs;
use std::io;
use std::path::PathBuf;

use clap::{Args, Command, ValueHint};

use crate::failure::{Result, failed, usage};
use crate::output::print;

const MANUAL: &str = "\
To read a page now:   callpy man call | man -l -
To install the pages: callpy man --into ~/.local/share/man/man1";

/// Print a manual page, or write all of them
#[derive(Debug, Args)]
#[command(after_help = MANUAL)]
pub(crate) struct Man {
    /// The command whose page to print [default: callpy itself]
    #[arg(conflicts_with = "into")]
    command: Option<String>,

    /// Write the pages of all commands into this folder, which is created if needed
    #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    into: Option<PathBuf>,
}

/// Runs the command; `root` is callpy itself.
pub(crate) fn run(arguments: &Man, root: Command) -> Result<()> {
    let mut root = root.disable_help_subcommand(true);
    // Sets each subcommand's full name: `callpy call`.
    root.build();
    if let Some(folder) = &arguments.into {
        let write = || -> io::Result<()> {
            fs::create_dir_all(folder)?;
            for (name, page) in pages(&root)? {
                fs::write(folder.join(format!("{name}.1")), page)?;
            }
            Ok(())
        };
        return write().map_err(|error| {
            failed(format_args!("can't write the pages to {}: {error}", folder.display()))
        });
    }
    let name = match &arguments.command {
        Some(command) => format!("callpy-{command}"),
        None => "callpy".to_owned(),
    };
    let mut pages = pages(&root)?;
    match pages.iter().position(|(other, _)| *other == name) {
        Some(at) => print(&pages.swap_remove(at).1),
        None => {
            let names: Vec<&str> = root.get_subcommands().map(Command::get_name).collect();
            let asked = arguments.command.as_deref().unwrap_or_default();
            usage(format!("there is no command {asked:?}; the commands are {}", names.join(", ")))
        }
    }
}

/// Returns the pages with their names, callpy's own first.
fn pages(root: &Command) -> io::Result<Vec<(String, Vec<u8>)>> {
    let page = |command: &Command, name: String| {
        let mut page = Vec::new();
        let source = format!("callpy {}", env!("CARGO_PKG_VERSION"));
        let manual = clap_mangen::Man::new(command.clone().version(env!("CARGO_PKG_VERSION")))
            .title(name.to_uppercase())
            .source(source);
        manual.render(&mut page)?;
        Ok((name, page))
    };
    let own = std::iter::once(page(root, "callpy".to_owned()));
    let others = root.get_subcommands().map(|command| {
        let name = format!("callpy-{}", command.get_name());
        page(command, name)
    });
    own.chain(others).collect()
}
