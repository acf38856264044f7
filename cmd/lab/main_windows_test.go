package main

func hearHangUp() {}
