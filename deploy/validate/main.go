// deploy-check looks at deployment files the way the programs that read them would, without any of them running.
//
//	deploy-check kubernetes < manifests.yaml   what an API server refuses or warns of when each object is created
//	deploy-check compose <file>…               what Docker Compose refuses; settings come from the environment
//
// Prints what was understood, with every default filled in, as JSON. Exit code 1: refused, with the reasons on
// standard error; 2: misused.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

func main() {
	understood, err := run(context.Background(), os.Args[1:])
	var misuse misused
	if errors.As(err, &misuse) {
		fmt.Fprintln(os.Stderr, misuse)
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := json.NewEncoder(os.Stdout).Encode(understood); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type misused string

func (m misused) Error() string { return string(m) }

func run(ctx context.Context, args []string) (any, error) {
	switch {
	case len(args) == 1 && args[0] == "kubernetes":
		return admitAll(ctx, os.Stdin)
	case len(args) >= 2 && args[0] == "compose":
		return loadCompose(ctx, args[1:])
	default:
		return nil, misused("usage: deploy-check kubernetes < manifests.yaml | deploy-check compose <file>…")
	}
}
