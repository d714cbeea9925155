//go:build unix

package docs_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/testkit/loopback"
	"github.com/pingone-gateway/gateway/test/built"
)

// runPages are the pages whose commands are run as they stand, but for ports.
var runPages = []string{
	"README.md", "docs/quickstart.md", "docs/curl.md", "docs/sql.md", "docs/metadata.md", "docs/odata.md", "docs/python.md", "docs/python.ja.md",
	"docs/excel.md", "docs/invite.md", "docs/powerbi.md", "docs/pingone-setup.md",
}

// TestCommandsInPagesWork runs what the pages tell readers to type, against a
// demo, and compares what it prints with what they show.
func TestCommandsInPagesWork(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds and starts the gateway")
	}
	for _, tool := range []string{"go", "bash", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatalf("%s is not installed", tool)
			}
			t.Skipf("%s is not installed", tool)
		}
	}
	d := startDemo(t)
	for _, page := range runPages {
		t.Run(page, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(page)))
			require.NoError(t, err)
			folder := t.TempDir()
			require.NoError(t, os.Symlink(filepath.Dir(d.binary), filepath.Join(folder, "bin")))
			for _, s := range snippets(string(text)) {
				t.Run(fmt.Sprintf("line %d", s.line), func(t *testing.T) { d.run(t, folder, s) })
			}
		})
	}
}

// demo is a running `gateway demo`.
type demo struct {
	binary  string
	replace *strings.Replacer // documented addresses → real ones
	python  string            // "" where the packages that the pages use are missing
}

var listening = regexp.MustCompile(`(?:http|postgresql)://(127\.0\.0\.1:\d+)/(odata/|metrics|v1/|pingone)`)

// startDemo starts the gateway's demo on free ports.
func startDemo(t *testing.T) *demo {
	t.Helper()
	path, remove, err := built.Gateway()
	require.NoError(t, err)
	t.Cleanup(remove)
	d := &demo{binary: path, python: pythonWith("requests", "pandas", "pyarrow", "matplotlib", "sqlalchemy_pingone")}
	cmd := exec.CommandContext(t.Context(), d.binary, "demo", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--simulator", "127.0.0.1:0", "--postgres", "127.0.0.1:0")
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 20 * time.Second
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	var trouble bytes.Buffer
	cmd.Stderr = &trouble
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Wait() }) // it was told to stop when the test ended
	found := map[string]string{}
	scanner := bufio.NewScanner(out)
	for len(found) < 4 && scanner.Scan() {
		if m := listening.FindStringSubmatch(scanner.Text()); m != nil && found[m[2]] == "" {
			found[m[2]] = m[1]
		}
	}
	require.Len(t, found, 4, "the demo says where it listens: %s", trouble.String())
	go func() { _, _ = io.Copy(io.Discard, out) }() // ends with the process
	d.replace = strings.NewReplacer(
		"127.0.0.1:8080", found["odata/"], "127.0.0.1:9090", found["metrics"], "127.0.0.1:8090", found["v1/"], "127.0.0.1:5433", found["pingone"],
		"127.0.0.1:8081", loopback.Address(t), "127.0.0.1:9091", loopback.Address(t))
	return d
}

// run runs one block in the folder and compares its output.
func (d *demo) run(t *testing.T, folder string, s snippet) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	text := d.replace.Replace(s.text)
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", text)
	if s.language == "python" {
		if d.python == "" {
			if os.Getenv("CI") == "true" {
				t.Fatal("scripts/install-python.sh was not run")
			}
			t.Skip("scripts/install-python.sh installs what the snippets use")
		}
		cmd = exec.CommandContext(ctx, d.python, "-c", text)
	}
	cmd.Dir = folder
	// A group of its own, so that what runs in the background ends as well.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	var out, trouble bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &trouble
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s\n%s\n%s", err, text, out.String(), trouble.String())
	}
	if s.output == "" {
		require.NotContains(t, out.String(), `"error":`, "an error was answered to\n%s", text)
	} else if !shows(d.replace.Replace(s.output), out.String()) {
		t.Errorf("the page shows\n%s\nbut it prints\n%s", s.output, out.String())
	}
}

// pythonWith is a Python that has the packages, or "". DOCS_PYTHON names one,
// such as that of a virtual environment.
func pythonWith(packages ...string) string {
	python := os.Getenv("DOCS_PYTHON")
	if python == "" { // scripts/install-python.sh puts one there
		python, _ = filepath.Abs("../../.cache/python/current/bin/python")
	}
	if exec.Command(python, "-c", "import "+strings.Join(packages, ", ")).Run() != nil {
		return ""
	}
	return python
}
