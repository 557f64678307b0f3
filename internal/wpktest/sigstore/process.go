package sigstore

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"
)

// process is a child that ends when it is killed or this process is gone.
type process struct {
	name string
	log  string // a file with all that it says
	cmd  *exec.Cmd
	done chan struct{}
	// stdin stays open as long as this process lives: our own servers end with it on any system.
	stdin io.Closer
}

// startProcess runs a program in a folder. Its thread stays until the child has ended: on Linux the kernel kills the
// child when the thread that made it ends.
func startProcess(dir, program string, args ...string) (*process, error) {
	p := &process{name: filepath.Base(program), done: make(chan struct{})}
	p.log = filepath.Join(dir, p.name+".log")
	out, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	p.cmd = exec.Command(program, args...)
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = dir, out, out
	p.cmd.SysProcAttr = endWithParent()
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		_ = out.Close()
		return nil, err
	}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		_ = out.Close() // the child has its own
		started <- err
		if err == nil {
			_ = p.cmd.Wait() // it is killed in the end; what it said is in the log
			close(p.done)
		}
	}()
	return p, <-started
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.done
}

// pause waits a moment for what the process has to do; it is an error when it ended, or the time is over.
func (p *process) pause(ctx context.Context) error {
	select {
	case <-p.done:
		return p.ended()
	case <-ctx.Done():
		return p.failed(context.Cause(ctx).Error())
	case <-time.After(10 * time.Millisecond):
		return nil
	}
}

// ended returns an error when the process is no more.
func (p *process) ended() error {
	select {
	case <-p.done:
		return p.failed(p.cmd.ProcessState.String())
	default:
		return nil
	}
}

func (p *process) output() ([]byte, error) { return os.ReadFile(p.log) }

// failed has the end of what the process said.
func (p *process) failed(reason string) error {
	said, err := p.output()
	if err != nil {
		return err
	}
	const most = 2000
	return fmt.Errorf("%s: %s\n%s", p.name, reason, said[max(0, len(said)-most):])
}
