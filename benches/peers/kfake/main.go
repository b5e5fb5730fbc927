// A broker of franz-go's kfake with its data on disk, for the benchmark.
//
//	kfake FOLDER [sync]
//
// Prints `ready HOST:PORT`, and serves until it is killed.
package main

import (
	"fmt"
	"log"
	"os"

	"github.com/twmb/franz-go/pkg/kfake"
)

func main() {
	options := []kfake.Opt{kfake.NumBrokers(1), kfake.Ports(0), kfake.DataDir(os.Args[1])}
	if len(os.Args) > 2 {
		options = append(options, kfake.SyncWrites())
	}
	cluster, err := kfake.NewCluster(options...)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("ready", cluster.ListenAddrs()[0])
	select {}
}
