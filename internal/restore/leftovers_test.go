// SPDX-License-Identifier: Apache-2.0

//go:build unix

package restore

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/internal/testenv"
)

func TestSweepLeavesWhatLives(t *testing.T) {
	parent := t.TempDir()
	living, err := stake(parent)
	if err != nil {
		t.Fatal(err)
	}
	dead, err := stake(parent)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dead.dir, "ibdata1"), []byte("x"))
	if err := dead.lock.Close(); err != nil { // as its process's end does
		t.Fatal(err)
	}
	strange := filepath.Join(parent, claimPrefix+"mine")
	if err := os.Mkdir(strange, 0o700); err != nil {
		t.Fatal(err)
	}
	swept, err := Sweep(parent)
	if err != nil || !slices.Equal(swept, []string{dead.dir}) {
		t.Errorf("swept %v, %v, want %s", swept, err, dead.dir)
	}
	for path, want := range map[string]bool{dead.dir: false, dead.dir + lockSuffix: false, living.dir: true, living.dir + lockSuffix: true, strange: true} {
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("%s: there is %v, want %v", path, err == nil, want)
		}
	}
	if err := living.release(); err != nil {
		t.Error(err)
	}
	if err := os.Remove(strange); err != nil {
		t.Error(err)
	}
	nothingIn(t, parent)
}

func TestSweepEndsTheServerThatOutlivedItsTest(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells surely whose a process is")
	}
	parent := t.TempDir()
	dead, err := stake(parent)
	if err != nil {
		t.Fatal(err)
	}
	living, err := stake(parent)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := living.release(); err != nil {
			t.Error(err)
		}
	}()
	start := func(dir string) *exec.Cmd {
		c := exec.Command("sh", "-c", "sleep 60; :", "server", "--datadir="+dir+"/data")
		c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL) // its sleep, too
			_ = c.Wait()
		})
		return c
	}
	orphan, other := start(dead.dir), start(living.dir)
	if err := dead.lock.Close(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_, _ = orphan.Process.Wait()
		close(ended)
	}()
	if swept, err := Sweep(parent); err != nil || len(swept) != 1 {
		t.Errorf("swept %v, %v", swept, err)
	}
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("the orphan lives")
	}
	if err := other.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("the server of a living test: %v", err)
	}
	if _, err := os.Stat(dead.dir); err == nil {
		t.Error("the folder of the dead test is there")
	}
}

func TestSpaceIsCheckedFirst(t *testing.T) {
	dir := t.TempDir()
	if err := checkSpace(dir, 1<<60, 0); err == nil {
		t.Error("an exabyte has room")
	}
	if err := checkSpace(dir, 2<<20, 1<<20); err == nil {
		t.Error("two megabytes have room in one")
	}
	if err := checkSpace(dir, 1<<20, 0); err != nil {
		t.Error(err)
	}
}

func TestLimitOfTheDiskEndsTheTest(t *testing.T) {
	s := testenv.SharedMariaDB(t)
	text := "-- MariaDB dump 10.19\n-- Host: a    Database: erp\n-- Server version\t" + s.Version() + "\n\n" +
		"CREATE TABLE t (a LONGTEXT);\nINSERT INTO t VALUES (REPEAT('x', 60000000));\n" +
		"INSERT INTO t SELECT * FROM t;\nINSERT INTO t SELECT * FROM t;\nINSERT INTO t SELECT * FROM t;\nINSERT INTO t SELECT * FROM t;\nDO SLEEP(60);\n-- Dump completed\n"
	path := write(t, filepath.Join(folder(t), "bomb.sql"), []byte(text))
	v, err := tested(t, Options{Method: "mysqldump", Disk: serverBase + 64<<20}, path, "")
	if err == nil || v.Restorable || !strings.Contains(err.Error(), "--disk") {
		t.Errorf("got %+v, %v", v, err)
	}
}
