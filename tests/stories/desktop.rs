//! The program itself on a real desktop: what it copies arrives there, and what is copied elsewhere can be
//! pasted into it. No other test notices a program that was built without a clipboard: the others hold it in
//! their hands. `FAILBACK_PROGRAM` names one that was built without tests; else the one built with them is taken.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use egui::{Pos2, Role};
use tempfile::TempDir;

use super::lookup::has_tools;
use super::story::Story;

/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_mins(1);

/// An X server with the program on it, and nothing else.
struct Desktop {
    server: Child,
    program: Option<Child>,
    display: String,
    home: TempDir,
}

impl Desktop {
    /// `None`, with a line that says why, where the programs for it are missing.
    fn open(test: &str) -> Option<Self> {
        if !has_tools(test, &["Xvfb", "xdotool", "xclip"]) {
            return None;
        }
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut number = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut number).unwrap();
        let display = format!(":{}", number.trim());
        Some(Self { server, program: None, display, home: tempfile::tempdir().unwrap() })
    }

    /// A program that sees this desktop and nothing of the user's.
    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        let path = std::env::var_os("PATH").unwrap_or_default();
        let home = self.home.path();
        command.env_clear().env("PATH", path).env("HOME", home).env("FAILBACK_HOME", home.join("failback"));
        command.env("DISPLAY", &self.display).env("LIBGL_ALWAYS_SOFTWARE", "1").stdin(Stdio::null());
        command
    }

    /// Starts the program, and gives its window the keyboard.
    fn start(&mut self, arguments: &[&str]) {
        let built = std::env::var_os("FAILBACK_PROGRAM").filter(|path| !path.is_empty());
        let program = built.unwrap_or_else(|| env!("CARGO_BIN_EXE_failback").into());
        assert!(Path::new(&program).is_file(), "{} is not there", program.display());
        self.program = Some(self.command(&program).args(arguments).spawn().unwrap());
        self.until("the window", |desktop| {
            let found =
                desktop.command("xdotool").args(["search", "--onlyvisible", "--name", "^Failback$"]).output();
            let window = String::from_utf8(found.unwrap().stdout).unwrap().trim().to_owned();
            !window.is_empty() && desktop.xdotool(&["windowfocus", "--sync", &window])
        });
    }

    fn xdotool(&self, arguments: &[&str]) -> bool {
        let mut xdotool = self.command("xdotool");
        xdotool.args(arguments).stderr(Stdio::null()).status().unwrap().success()
    }

    fn click(&self, at: Pos2) {
        let (x, y) = ((at.x as i32).to_string(), (at.y as i32).to_string());
        assert!(self.xdotool(&["mousemove", &x, &y, "sleep", "0.1", "click", "1"]));
    }

    fn key(&self, key: &str) {
        assert!(self.xdotool(&["key", key]));
    }

    /// What anybody who pastes gets; `None` where nobody copied anything.
    fn clipboard(&self) -> Option<String> {
        let mut xclip = self.command("xclip");
        let said = xclip.args(["-o", "-selection", "clipboard"]).output().unwrap();
        said.status.success().then(|| String::from_utf8(said.stdout).unwrap())
    }

    /// Copies as any other program does.
    fn copy_elsewhere(&self, text: &str) {
        let mut xclip = self.command("xclip");
        xclip.args(["-i", "-selection", "clipboard"]).stdin(Stdio::piped());
        let mut xclip = xclip.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        xclip.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        assert!(xclip.wait().unwrap().success());
        assert_eq!(self.clipboard().as_deref(), Some(text));
    }

    #[track_caller]
    fn until(&mut self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        let begin = Instant::now();
        while !holds(self) {
            let ended = self.program.as_mut().and_then(|program| program.try_wait().unwrap());
            assert!(ended.is_none(), "the program ended before {what}: {ended:?}");
            assert!(begin.elapsed() < PATIENCE, "never: {what}. On the clipboard: {:?}", self.clipboard());
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        for child in self.program.iter_mut().chain([&mut self.server]) {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

#[test]
fn a_copied_command_arrives_on_the_desktop() {
    let Some(mut desktop) = Desktop::open("a copy to the desktop") else { return };
    // the same window without a desktop tells where the button is
    let mut story = Story::practise("image-pull");
    story.see("Failover is active");
    let button = story.place_of(Role::Button, "Copy the command of Health check us-east-1");
    drop(story);

    desktop.start(&["--practice", "image-pull"]);
    desktop.until("the command on the clipboard", |desktop| {
        desktop.click(button);
        desktop
            .clipboard()
            .is_some_and(|text| text.contains(" aws --profile practice route53 get-health-check-status "))
    });
}

#[test]
fn what_was_copied_elsewhere_is_pasted_into_a_field_and_copied_out_of_it() {
    let Some(mut desktop) = Desktop::open("pasting from the desktop") else { return };
    let mut story = Story::first_start();
    story.see("New environment…");
    let button = story.place_of(Role::Button, "New environment…");
    story.click("New environment…");
    story.see("New environment");
    let field = story.place_of(Role::TextInput, "Name");
    drop(story);

    desktop.start(&[]);
    let pasted = "typed-nowhere";
    desktop.until("the text pasted and copied out again", |desktop| {
        desktop.copy_elsewhere(pasted);
        desktop.click(button);
        desktop.click(field);
        desktop.key("ctrl+a");
        desktop.key("ctrl+v");
        desktop.copy_elsewhere("something else");
        desktop.key("ctrl+a");
        desktop.key("ctrl+c");
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_secs(2) {
            if desktop.clipboard().as_deref() == Some(pasted) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        false
    });
}
