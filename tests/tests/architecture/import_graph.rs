//! Which files of a crate name items of which other files.
//!
//! A file has an edge to the file that defines what it names by a path that begins with `crate`,
//! `super`, `self` or a child module. Re-exports (`pub use`) are resolved but are no edges, and
//! inline unit tests are left out. Names that macros define count as the module's own.

use std::collections::{BTreeMap, BTreeSet};

use crate::tokens::{is_name, tokens, without_unit_tests};

type Path = Vec<String>;

/// One file, read.
#[derive(Default)]
struct Module {
    file: String,
    /// What `use` brings in: the name here, and the path that it stands for.
    aliases: BTreeMap<String, Path>,
    /// The modules of glob imports.
    globs: Vec<Path>,
    /// The names that the file defines.
    defined: BTreeSet<String>,
    /// Paths that the file names, re-exports excepted.
    named: Vec<Path>,
}

/// The edges between files, by the path of each file below `src`.
pub(crate) fn edges(files: &BTreeMap<String, String>) -> BTreeMap<String, BTreeSet<String>> {
    let root = if files.contains_key("lib.rs") {
        "lib.rs"
    } else {
        "main.rs"
    };
    let mut modules = BTreeMap::new();
    for (file, text) in files {
        // Of a package with both, the binary uses the library by its name.
        if file == root || file != "main.rs" {
            let path = if file == root {
                Path::new()
            } else {
                module_path(file)
            };
            modules.insert(path, read(file, text));
        }
    }
    let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, module) in &modules {
        for named in &module.named {
            if let Some(target) = resolve(&modules, path, named, 0)
                && target != module.file
            {
                edges.entry(module.file.clone()).or_default().insert(target);
            }
        }
    }
    edges
}

/// The circles in a graph: every set of two or more files that reach each other.
pub(crate) fn circles(edges: &BTreeMap<String, BTreeSet<String>>) -> Vec<Vec<String>> {
    let reach: BTreeMap<&String, BTreeSet<&String>> = edges
        .keys()
        .map(|from| (from, reachable(edges, from)))
        .collect();
    let mut found = BTreeSet::new();
    for (from, to) in &reach {
        let circle: Vec<String> = to
            .iter()
            .filter(|other| reach.get(*other).is_some_and(|back| back.contains(from)))
            .map(|other| (*other).clone())
            .collect();
        if circle.len() > 1 {
            found.insert(circle);
        }
    }
    found.into_iter().collect()
}

fn reachable<'a>(
    edges: &'a BTreeMap<String, BTreeSet<String>>,
    from: &'a String,
) -> BTreeSet<&'a String> {
    let mut seen = BTreeSet::new();
    let mut open = vec![from];
    while let Some(file) = open.pop() {
        for next in edges.get(file).into_iter().flatten() {
            if seen.insert(next) {
                open.push(next);
            }
        }
    }
    seen
}

fn module_path(file: &str) -> Path {
    let name = file.trim_end_matches(".rs").trim_end_matches("/mod");
    name.split('/').map(str::to_owned).collect()
}

/// The file that defines what a path names, seen from a module. `None`: it is not of this crate.
fn resolve(
    modules: &BTreeMap<Path, Module>,
    from: &Path,
    path: &[String],
    depth: usize,
) -> Option<String> {
    let (first, rest) = path.split_first()?;
    let (mut at, mut rest) = match first.as_str() {
        "crate" => (Path::new(), rest),
        "self" => (from.clone(), rest),
        "super" => (from[..from.len().checked_sub(1)?].to_vec(), rest),
        _ => (from.clone(), path),
    };
    let relative = rest.len() == path.len();
    let mut moved = false;
    while let Some((name, after)) = rest.split_first() {
        if name == "super" {
            at.pop()?;
            rest = after;
            continue;
        }
        let child: Path = at.iter().cloned().chain([name.clone()]).collect();
        if modules.contains_key(&child) {
            (at, rest, moved) = (child, after, true);
            continue;
        }
        if relative && !moved {
            return None;
        }
        return item(modules, &at, name, depth);
    }
    modules.get(&at).map(|module| module.file.clone())
}

/// The file that defines a name which a module offers.
fn item(modules: &BTreeMap<Path, Module>, at: &Path, name: &str, depth: usize) -> Option<String> {
    let module = modules.get(at)?;
    if depth > 16 || module.defined.contains(name) {
        return Some(module.file.clone());
    }
    if let Some(alias) = module.aliases.get(name) {
        return resolve(modules, at, alias, depth + 1);
    }
    let through = module.globs.iter().find_map(|glob| {
        let path: Path = glob.iter().cloned().chain([name.to_owned()]).collect();
        resolve(modules, at, &path, depth + 1).filter(|file| *file != module.file)
    });
    Some(through.unwrap_or_else(|| module.file.clone()))
}

fn read(file: &str, text: &str) -> Module {
    let mut module = Module {
        file: file.to_owned(),
        ..Module::default()
    };
    let tokens = without_unit_tests(&tokens(text));
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        at = match token.as_str() {
            "use" => module.read_use(&tokens, at),
            "fn" | "struct" | "enum" | "trait" | "const" | "static" | "type" | "union" => {
                module.defined.extend(tokens.get(at + 1).cloned());
                at + 2
            }
            name if is_name(name) && tokens.get(at + 1).is_some_and(|next| next == "::") => {
                module.read_path(&tokens, at)
            }
            _ => at + 1,
        };
    }
    module
}

impl Module {
    /// Reads the `use` at a position. Returns the position behind it.
    fn read_use(&mut self, tokens: &[String], at: usize) -> usize {
        let public = at > 0 && ["pub", ")"].contains(&tokens[at - 1].as_str());
        let mut leaves = Vec::new();
        let end = use_tree(tokens, at + 1, &Path::new(), &mut leaves);
        for (name, path) in leaves {
            if !public {
                self.named.push(path.clone());
            }
            if name == "*" {
                self.globs.push(path);
            } else {
                self.aliases.insert(name, path);
            }
        }
        end
    }

    /// Reads a path outside of a `use`. Returns the position behind it.
    fn read_path(&mut self, tokens: &[String], mut at: usize) -> usize {
        let mut path = vec![tokens[at].clone()];
        while tokens.get(at + 1).is_some_and(|next| next == "::")
            && tokens.get(at + 2).is_some_and(|next| is_name(next))
        {
            path.push(tokens[at + 2].clone());
            at += 2;
        }
        self.named.push(path);
        at + 1
    }
}

/// Reads a use tree from `at`; adds each leaf with the name that it gets. Returns where it ends.
fn use_tree(
    tokens: &[String],
    mut at: usize,
    prefix: &Path,
    leaves: &mut Vec<(String, Path)>,
) -> usize {
    let mut path = prefix.clone();
    while let Some(token) = tokens.get(at) {
        match token.as_str() {
            "::" => at += 1,
            "{" => {
                at += 1;
                while tokens.get(at).is_some_and(|token| token != "}") {
                    at = use_tree(tokens, at, &path, leaves);
                    if tokens.get(at).is_some_and(|token| token == ",") {
                        at += 1;
                    }
                }
                return at + 1;
            }
            "*" => {
                leaves.push(("*".into(), path));
                return at + 1;
            }
            "as" => {
                let name = tokens.get(at + 1).cloned().unwrap_or_default();
                leaves.push((name, path));
                return at + 2;
            }
            "self" if !path.is_empty() => at += 1,
            name if is_name(name) => {
                path.push(name.to_owned());
                at += 1;
            }
            _ => break,
        }
    }
    if let Some(last) = path.last().cloned() {
        leaves.push((last, path));
    }
    at
}
