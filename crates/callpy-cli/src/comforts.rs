//! What makes the command at home in a shell: completions and manual pages.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, Command, CommandFactory, ValueHint};
use clap_complete::Shell;

use crate::arguments::Arguments;
use crate::failure::{Failure, Result, usage};

const INSTALL: &str = "\
Where a shell looks for it:
  bash        callpy completions bash > ~/.local/share/bash-completion/completions/callpy
  zsh         callpy completions zsh > \"${fpath[1]}/_callpy\"
  fish        callpy completions fish > ~/.config/fish/completions/callpy.fish
  powershell  callpy completions powershell >> $PROFILE
  elvish      callpy completions elvish >> ~/.config/elvish/rc.elv";

/// Prints a shell's script by which Tab completes commands, options and files
#[derive(Debug, Args)]
#[command(after_help = INSTALL)]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

const MANUAL: &str = "\
To read a page at once:  callpy man call | man -l -
To install them:         callpy man --into ~/.local/share/man/man1";

/// Prints a manual page, or writes them all
#[derive(Debug, Args)]
#[command(after_help = MANUAL)]
pub(crate) struct Man {
    /// The command whose page it is; without it, the page of callpy itself
    #[arg(conflicts_with = "into")]
    command: Option<String>,

    /// Write the pages of all commands into a folder, which is made if there is none
    #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    into: Option<PathBuf>,
}

/// Prints a completion script.
pub(crate) fn completions(arguments: &Completions) -> Result<()> {
    // By way of memory: where the reader is gone, the generator would panic.
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "callpy", &mut script);
    print(&script)
}

/// Prints a manual page, or writes them all.
pub(crate) fn man(arguments: &Man) -> Result<()> {
    let mut root = Arguments::command().disable_help_subcommand(true);
    // Names each as it is called: `callpy call`.
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
            Failure::Failed(format!("the pages can't be written to {}: {error}", folder.display()))
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
            usage(format!("there is no command {name:?}; there are {}", names.join(", ")))
        }
    }
}

/// Returns the pages by their names, that of callpy itself first.
fn pages(root: &Command) -> io::Result<Vec<(String, Vec<u8>)>> {
    let page = |command: &Command, name: String| {
        let mut page = Vec::new();
        clap_mangen::Man::new(command.clone()).title(name.to_uppercase()).render(&mut page)?;
        Ok((name, page))
    };
    let own = std::iter::once(page(root, "callpy".to_owned()));
    let others = root.get_subcommands().map(|command| {
        let name = format!("callpy-{}", command.get_name());
        page(command, name)
    });
    own.chain(others).collect()
}

fn print(bytes: &[u8]) -> Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    Ok(stdout.flush()?)
}
