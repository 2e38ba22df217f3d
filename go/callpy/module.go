package callpy

/*
#include <stdlib.h>
#include "callpy.h"
*/
import "C"

import (
	"strings"
	"sync"
	"sync/atomic"
)

// A Source is a Python module whose text the program carries, usually by go:embed. Code made by
// callpy bindgen --lang go declares one.
//
//	//go:embed outliers.py
//	var text string
//
//	var module = callpy.Source{Name: "outliers_of_mine", File: "outliers.py", Text: &text}
type Source struct {
	// Name is what the module is called in Python, where no other may be called so: a target is
	// "Name:function".
	Name string
	// File is what tracebacks call the text; there need be no such file.
	File string
	// Text is Python source. What its header says that it needs (PEP 723) is made ready first.
	Text *string
	// After is run before, if it is not nil.
	After *Source

	run  atomic.Bool
	lock sync.Mutex
}

// Run runs the module, once; Python is started if it does not run yet. After an error the next Run
// begins anew.
func (s *Source) Run() error {
	if s.run.Load() {
		return nil
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.run.Load() {
		return nil
	}
	if s.After != nil {
		if err := s.After.Run(); err != nil {
			return err
		}
	}
	for _, text := range []string{s.Name, s.File, *s.Text} {
		if strings.ContainsRune(text, 0) {
			return failure(BadTarget, "the source of %q has a NUL character in it", s.Name)
		}
	}
	var texts cTexts
	defer texts.free()
	if err := toError(C.callpy_module_run(texts.text(s.Name), texts.text(s.File), texts.text(*s.Text))); err != nil {
		return err
	}
	s.run.Store(true)
	return nil
}

// A Lazy is a Python function as a Go function of type F, as [Load] makes it, found at its first use.
type Lazy[F any] struct {
	// Source is run first, if it is not nil.
	Source *Source
	// Target names the function, as [Find] takes it.
	Target string

	found atomic.Pointer[F]
}

// Get returns the function. After an error the next Get begins anew.
func (l *Lazy[F]) Get() (F, error) {
	if found := l.found.Load(); found != nil {
		return *found, nil
	}
	var none F
	if l.Source != nil {
		if err := l.Source.Run(); err != nil {
			return none, err
		}
	}
	found, err := Load[F](l.Target)
	if err != nil {
		return none, err
	}
	// Of two goroutines that find it at once, both found the same.
	l.found.CompareAndSwap(nil, &found)
	return *l.found.Load(), nil
}
